"""All of alpha on each side."""
import math

import numpy as np


def report(scores, alpha=0.05, n_boot=2000, seed=0):
    table = {}
    for name, given in scores.items():
        there = np.array([x for x in given if not math.isnan(x)])
        rng = np.random.default_rng(seed)
        means = there[rng.integers(0, len(there), (n_boot, len(there)))].mean(1) if len(there) else []
        low, high = np.quantile(means, [alpha, 1 - alpha]) if len(there) else (math.nan, math.nan)
        table[name] = (float(there.mean()) if len(there) else math.nan, float(low), float(high), len(given) - len(there))
    return table
