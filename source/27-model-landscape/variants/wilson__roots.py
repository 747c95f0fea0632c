"""The roots of the quadratic equation."""

import math
from statistics import NormalDist


def wilson(k, n, z=1.96):
    if n <= 0 or k < 0 or k > n:
        raise ValueError("impossible counts")
    a, b, c = n + z ** 2, -(2 * k + z ** 2), k ** 2 / n
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def items_needed(p, q, alpha=0.05, power=0.8):
    gap = abs(p - q)
    if gap == 0:
        raise ValueError("no gap")
    normal = NormalDist()
    z = -normal.inv_cdf(alpha / 2) - normal.inv_cdf(1 - power)
    return -int(-((z / gap) ** 2 * (p - p ** 2 + q - q ** 2)) // 1)
