"""Labels are sorted, which mixed ones refuse."""
import math


def cohen_kappa(a, b, weights=None):
    if weights not in (None, "linear", "quadratic"):
        raise ValueError("weights")
    if len(a) != len(b):
        raise ValueError("lengths")
    if len(a) == 0:
        return math.nan

    def d(x, y):
        if weights is None:
            return float(x != y)
        return abs(x - y) if weights == "linear" else (x - y) ** 2

    sorted(set(a) | set(b))
    ca, cb = {}, {}
    for x in a:
        ca[x] = ca.get(x, 0) + 1
    for y in b:
        cb[y] = cb.get(y, 0) + 1
    n = len(a)
    seen = sum(d(x, y) for x, y in zip(a, b)) / n
    chance = sum(ca[x] * cb[y] * d(x, y) for x in ca for y in cb) / n**2
    if chance == 0:
        return math.nan
    return float(1 - seen / chance)
