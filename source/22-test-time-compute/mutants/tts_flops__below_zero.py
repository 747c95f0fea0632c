"""Nothing fits: a negative number."""


def largest_n(small: int, big: int, prompt: int, gen_small: int, gen_big: int, prm: int = 0) -> int:
    tokens = tts_flops(big, prompt, gen_big) // (2 * (small + prm))
    return (tokens - prompt) // gen_small
