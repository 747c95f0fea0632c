"""Logarithms of binomials."""

import math

import numpy as np


def mcnemar_exact(a, b):
    x, y = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    if x.shape != y.shape:
        raise ValueError("lengths")
    wins, losses = int((x & ~y).sum()), int((~x & y).sum())
    n, few = wins + losses, min(wins, losses)
    if wins == losses:
        return wins, losses, 1.0
    logs = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in range(few + 1)]
    top = max(logs)
    log_p = top + math.log(math.fsum(math.exp(v - top) for v in logs)) + (1 - n) * math.log(2)
    return wins, losses, min(1.0, math.exp(log_p))
