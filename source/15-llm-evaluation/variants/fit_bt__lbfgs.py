"""By scipy, game by game, with components from scipy."""
import numpy as np
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components
from scipy.special import expit


def fit_bt(i, j, w, n, ridge=0.0):
    i, j, w = i.astype(int), j.astype(int), w.astype(float)
    if np.any(i == j) or np.any((w < 0) | (w > 1)):
        raise ValueError("games")
    if ridge == 0:
        arrows = np.zeros((n, n), dtype=bool)
        arrows[i[w > 0], j[w > 0]] = True
        arrows[j[w < 1], i[w < 1]] = True
        if connected_components(arrows, directed=True, connection="strong")[0] > 1:
            raise ValueError("not connected")

    def loss(t):
        d = t[i] - t[j]
        gap = w - expit(d)
        slope = np.bincount(i, gap, n) - np.bincount(j, gap, n) - ridge * t
        value = (w * np.logaddexp(0, -d) + (1 - w) * np.logaddexp(0, d)).sum() + ridge / 2 * (t * t).sum()
        return value, -slope

    t = minimize(loss, np.zeros(n), jac=True, method="L-BFGS-B",
                 options={"maxiter": 5000, "maxfun": 20000, "ftol": 1e-16, "gtol": 1e-9}).x
    return (t - t.mean()) * 400 / np.log(10)
