"""Doubling, then bisection on the cost itself."""


def tts_flops(params: int, prompt: int, gen: int, n: int = 1, prm: int = 0) -> int:
    tokens = prompt + gen * n
    return 2 * tokens * params + 2 * tokens * prm


def largest_n(small: int, big: int, prompt: int, gen_small: int, gen_big: int, prm: int = 0) -> int:
    limit = tts_flops(big, prompt, gen_big)

    def fits(n):
        return tts_flops(small, prompt, gen_small, n, prm) <= limit

    if not fits(1):
        return 0
    high = 2
    while fits(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
