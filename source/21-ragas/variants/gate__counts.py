"""Multinomial counts in place of draws."""
import numpy as np


def gate(old, new, max_drop, alpha=0.05, n_boot=2000, seed=0):
    if len(old) != len(new):
        raise ValueError("lengths")
    d = [(b if b == b else 0.0) - a for a, b in zip(old, new) if a == a]
    if not d:
        raise ValueError("no pairs")
    n = len(d)
    counts = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=n_boot)
    means = np.sort(counts @ np.array(d) / n)
    bound = float(means[min(int(alpha * n_boot), n_boot - 1)])
    return bound >= -max_drop, bound
