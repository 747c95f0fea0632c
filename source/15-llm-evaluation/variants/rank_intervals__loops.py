"""Model by model, in lists."""
import math

import numpy as np


def bootstrap_ratings(i, j, w, n, n_boot=200, seed=0, ridge=0.1):
    m = len(i)
    places = np.random.RandomState(seed).choice(m, size=(n_boot, m), replace=True)
    out = np.empty((n_boot, n))
    for row, g in zip(out, places):
        row[:] = fit_bt(np.take(i, g), np.take(j, g), np.take(w, g), n, ridge=ridge)
    return out


def rank_intervals(R, alpha=0.05):
    B, n = R.shape
    drop = math.floor(B * alpha / 2)
    low, high = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for p in range(n):
        ranks = sorted(1 + int((row > row[p]).sum()) for row in R)
        kept = ranks[drop:len(ranks) - drop]
        low[p], high[p] = kept[0], kept[-1]
    return low, high
