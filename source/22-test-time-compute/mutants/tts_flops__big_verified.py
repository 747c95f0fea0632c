"""The big model pays for the verifier, too."""


def largest_n(small: int, big: int, prompt: int, gen_small: int, gen_big: int, prm: int = 0) -> int:
    tokens = tts_flops(big, prompt, gen_big, 1, prm) // (2 * (small + prm))
    return max(0, (tokens - prompt) // gen_small)
