"""At least one draft."""
import math


def expected_tokens(alpha, k):
    return math.fsum(alpha ** i for i in range(k + 1))


def speedup(alpha, k, c, extra=0.0):
    return expected_tokens(alpha, k) / (1 + k * (c + extra))


def best_k(alpha, c, extra=0.0, most=16):
    gains = [speedup(alpha, k, c, extra) for k in range(most + 1)]
    return next(k for k, gain in enumerate(gains) if (k or most == 0) and gain >= max(gains) * (1 - 1e-9))
