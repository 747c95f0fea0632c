"""z is always 1.96."""

import math
from statistics import NormalDist


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    if n < 1 or not 0 <= k <= n:
        raise ValueError("0 <= k <= n, and at least one item")
    z = 1.96
    share, shrink = k / n, 1 / (1 + z * z / n)
    center = shrink * (share + z * z / (2 * n))
    half = shrink * z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return center - half, center + half


def items_needed(p: float, q: float, alpha: float = 0.05, power: float = 0.8) -> int:
    if p == q:
        raise ValueError("equal shares are never told apart")
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    return math.ceil(z * z * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2)
