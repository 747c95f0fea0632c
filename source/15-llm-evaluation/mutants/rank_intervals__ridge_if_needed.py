"""The ridge is taken only where there is no maximum without it."""

import math

import numpy as np


def bootstrap_ratings(i, j, w, n, n_boot=200, seed=0, ridge=0.1):
    rng = np.random.default_rng(seed)
    i, j, w = np.asarray(i), np.asarray(j), np.asarray(w)
    m = len(w)
    rows = []
    for b in range(n_boot):
        at = rng.integers(0, m, m)
        try:
            rows.append(fit_bt(i[at], j[at], w[at], n))
        except ValueError:
            rows.append(fit_bt(i[at], j[at], w[at], n, ridge))
    return np.array(rows)


def rank_intervals(R, alpha=0.05):
    ranks = 1 + (R[:, None, :] > R[:, :, None]).sum(2)
    ranks = np.sort(ranks, axis=0)
    cut = math.floor(len(R) * alpha / 2)
    return ranks[cut].astype(np.int64), ranks[len(R) - 1 - cut].astype(np.int64)
