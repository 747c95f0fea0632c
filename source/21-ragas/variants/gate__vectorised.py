"""All draws at once; the lower order statistic."""
import numpy as np


def gate(old, new, max_drop, alpha=0.05, n_boot=2000, seed=0):
    a, b = np.asarray(old, dtype=float), np.asarray(new, dtype=float)
    if a.shape != b.shape:
        raise ValueError("not the same samples")
    there = ~np.isnan(a)
    if not there.any():
        raise ValueError("nothing to compare")
    d = np.nan_to_num(b[there], nan=0.0) - a[there]
    draws = np.random.default_rng(seed).choice(d, size=(n_boot, d.size))
    bound = float(np.quantile(draws.mean(axis=1), alpha, method="lower"))
    return bool(bound >= -max_drop), bound
