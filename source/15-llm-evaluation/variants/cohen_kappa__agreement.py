"""From agreement, and by Counter."""
import math
from collections import Counter

import numpy as np


def cohen_kappa(a, b, weights=None):
    if len(a) != len(b):
        raise ValueError("one label each")
    if weights is None:
        if not a:
            return math.nan
        n, ca, cb = len(a), Counter(a), Counter(b)
        p_o = sum(x == y for x, y in zip(a, b)) / n
        p_e = sum(ca[x] * cb[x] for x in ca) / n / n
        return math.nan if p_e == 1 else (p_o - p_e) / (1 - p_e)
    power = {"linear": 1, "quadratic": 2}.get(weights)
    if power is None:
        raise ValueError("weights")
    if not a:
        return math.nan
    x, y = np.array(a, float), np.array(b, float)
    chance = (abs(x[:, None] - y[None]) ** power).mean()
    return float(1 - (abs(x - y) ** power).mean() / chance) if chance > 0 else math.nan
