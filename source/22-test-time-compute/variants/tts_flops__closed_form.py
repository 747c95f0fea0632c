"""One division, rounded down."""


def tts_flops(params: int, prompt: int, gen: int, n: int = 1, prm: int = 0) -> int:
    return sum(2 * size * (prompt + n * gen) for size in (params, prm))


def largest_n(small: int, big: int, prompt: int, gen_small: int, gen_big: int, prm: int = 0) -> int:
    each = small + prm
    n = (big * (prompt + gen_big) - each * prompt) // (each * gen_small)
    return n if n > 0 else 0
