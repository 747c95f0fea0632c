"""Names of weights in any case."""

import math
from collections import Counter


def cohen_kappa(a, b, weights=None):
    weights = weights.lower() if isinstance(weights, str) else weights
    if weights not in (None, "linear", "quadratic") or len(a) != len(b):
        raise ValueError("arguments")
    n = len(a)
    if n == 0:
        return math.nan

    def d(x, y):
        if weights is None:
            return float(x != y)
        return abs(x - y) if weights == "linear" else (x - y) ** 2

    ca, cb = Counter(a), Counter(b)
    seen = sum(d(x, y) for x, y in zip(a, b)) / n
    chance = sum(d(x, y) * p * q for x, p in ca.items() for y, q in cb.items()) / n ** 2
    return 1 - seen / chance if chance else math.nan
