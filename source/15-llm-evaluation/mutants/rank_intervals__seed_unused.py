"""The seed is not used."""
import numpy as np


def bootstrap_ratings(i, j, w, n, n_boot=200, seed=0, ridge=0.1):
    rng, m = np.random.default_rng(0), len(i)
    drawn_games = (rng.integers(0, m, m) for _ in range(n_boot))
    return np.stack([fit_bt(i[g], j[g], w[g], n, ridge) for g in drawn_games])
