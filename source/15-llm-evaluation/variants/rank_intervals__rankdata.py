"""With scipy and the random module."""
import random

import numpy as np
from scipy.stats import rankdata


def bootstrap_ratings(i, j, w, n, n_boot=200, seed=0, ridge=0.1):
    draw = random.Random(seed)
    rows = []
    for _ in range(n_boot):
        g = np.array(draw.choices(range(len(w)), k=len(w)))
        rows.append(fit_bt(i[g], j[g], w[g], n, ridge))
    return np.array(rows)


def rank_intervals(R, alpha=0.05):
    ranks = rankdata(-R, method="min", axis=1).astype(np.int64)
    k = int(R.shape[0] * alpha / 2)
    ranks.sort(axis=0)
    return ranks[k], ranks[-1 - k]
