"""A quotient with expm1 and log1p."""
import math


def expected_tokens(alpha, k):
    if alpha >= 1:
        return float(k + 1)
    if alpha <= 0:
        return 1.0
    gap = 1 - alpha
    return -math.expm1((k + 1) * math.log1p(-gap)) / gap


def speedup(alpha, k, c, extra=0.0):
    step = 1 + k * (c + extra)
    return expected_tokens(alpha, k) / step


def best_k(alpha, c, extra=0.0, most=16):
    best, top = 0, max(speedup(alpha, k, c, extra) for k in range(most + 1))
    for k in range(most, -1, -1):
        if math.isclose(speedup(alpha, k, c, extra), top, rel_tol=1e-9):
            best = k
    return best
