"""The first k with a speed-up above 1."""
import math


def expected_tokens(alpha, k):
    return math.fsum(alpha ** i for i in range(k + 1))


def speedup(alpha, k, c, extra=0.0):
    return expected_tokens(alpha, k) / (1 + k * (c + extra))


def best_k(alpha, c, extra=0.0, most=16):
    gains = [speedup(alpha, k, c, extra) for k in range(most + 1)]
    return next((k for k, gain in enumerate(gains) if gain > 1 + 1e-9), 0)
