"""In numpy, clipped to 0 and 1."""

import math
from statistics import NormalDist

import numpy as np


def wilson(k, n, z=1.96):
    if n < 1 or k < 0 or k > n:
        raise ValueError("counts")
    middle = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


def items_needed(p, q, alpha=0.05, power=0.8):
    if p == q:
        raise ValueError("equal")
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    return int(np.ceil(z ** 2 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2))
