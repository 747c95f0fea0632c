"""Ties against the best so far."""

import math


def expected_tokens(alpha, k):
    return math.fsum(alpha ** i for i in range(k + 1))


def speedup(alpha, k, c, extra=0.0):
    return expected_tokens(alpha, k) / (1 + k * (c + extra))


def best_k(alpha, c, extra=0.0, most=16):
    gains = [speedup(alpha, k, c, extra) for k in range(most + 1)]
    top = gains[0]
    best = 0
    for k, g in enumerate(gains):
        if g > top * (1 + 1e-9):
            top, best = g, k
    return best
