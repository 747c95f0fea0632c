"""Binomials by math.comb."""

import math


def mcnemar_exact(a, b):
    if len(a) != len(b):
        raise ValueError("lengths")
    x, y = [int(v) for v in a], [int(v) for v in b]
    wins = sum(1 for p, q in zip(x, y) if p > q)
    losses = sum(1 for p, q in zip(x, y) if p < q)
    n = wins + losses
    tail = sum(math.comb(n, i) for i in range(min(wins, losses) + 1))
    return wins, losses, min(1.0, 2 * tail / 2 ** n) if n else 1.0
