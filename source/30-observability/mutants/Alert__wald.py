"""the plain interval p - z sqrt(p (1 - p) / n)"""
import math


def wilson_lower(k: int, n: int, z: float) -> float:
    if n == 0:
        return 0.0
    p = k / n
    return max(p - z * math.sqrt(p * (1 - p) / n), 0.0)
