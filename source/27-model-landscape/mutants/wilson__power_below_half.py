"""A power below one half counts like one above."""

import math
from statistics import NormalDist


def wilson(k, n, z=1.96):
    if n < 1 or k < 0 or k > n:
        raise ValueError("counts")
    p = k / n
    f = 1 / (1 + z * z / n)
    mid = f * (p + z * z / (2 * n))
    half = f * z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return mid - half, mid + half


def items_needed(p, q, alpha=0.05, power=0.8):
    if p == q:
        raise ValueError("equal")
    inv = NormalDist().inv_cdf
    s = inv(1 - alpha / 2) + abs(inv(power))
    return math.ceil(s ** 2 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2)
