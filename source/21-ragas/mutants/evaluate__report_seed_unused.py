"""The report draws from the global generator: no interval comes twice."""
import math

import numpy as np


def report(scores, alpha=0.05, n_boot=2000, seed=0):
    table = {}
    for name, given in scores.items():
        there = np.array([x for x in given if not math.isnan(x)])
        means = there[np.random.randint(0, len(there), (n_boot, len(there)))].mean(1) if len(there) else []
        low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2]) if len(there) else (math.nan, math.nan)
        table[name] = (float(there.mean()) if len(there) else math.nan, float(low), float(high), len(given) - len(there))
    return table
