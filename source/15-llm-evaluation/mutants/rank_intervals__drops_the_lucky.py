"""Resamples that have no maximum without the ridge are drawn again."""
import numpy as np


def bootstrap_ratings(i, j, w, n, n_boot=200, seed=0, ridge=0.1):
    i, j, w = np.asarray(i), np.asarray(j), np.asarray(w)
    rng = np.random.default_rng(seed)
    rows = []
    for b in range(n_boot):
        pick = rng.integers(0, len(i), len(i))
        rows.append(fit_bt(i[pick], j[pick], w[pick], n, ridge))
        for _ in range(50):
            try:
                fit_bt(i[pick], j[pick], w[pick], n)
                break
            except ValueError:
                pick = rng.integers(0, len(i), len(i))
                rows[-1] = fit_bt(i[pick], j[pick], w[pick], n, ridge)
    return np.array(rows).reshape(n_boot, n)
