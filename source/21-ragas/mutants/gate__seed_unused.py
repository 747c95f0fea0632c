"""Draws from the global generator: no answer comes twice."""
import math

import numpy as np


def gate(old, new, max_drop, alpha=0.05, n_boot=2000, seed=0):
    if len(old) != len(new):
        raise ValueError("old and new need the same samples")
    d = np.array([(0.0 if math.isnan(b) else b) - a for a, b in zip(old, new) if not math.isnan(a)])
    if len(d) == 0:
        raise ValueError("no pair of scores is left")
    means = d[np.random.randint(0, len(d), (n_boot, len(d)))].mean(1)
    bound = float(np.quantile(means, alpha))
    return bound >= -max_drop, bound
