"""The logistic function with base e instead of 10."""
import math


def elo_update(ra, rb, s, k=32.0):
    if s not in (0, 0.5, 1):
        raise ValueError("s must be 0, 0.5 or 1")
    move = k * (s - 1 / (1 + math.exp((rb - ra) / 400)))
    return ra + move, rb - move
