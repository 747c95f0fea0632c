"""The big trace is as long as a small one."""


def largest_n(small: int, big: int, prompt: int, gen_small: int, gen_big: int, prm: int = 0) -> int:
    tokens = tts_flops(big, prompt, gen_small) // (2 * (small + prm))
    return max(0, (tokens - prompt) // gen_small)
