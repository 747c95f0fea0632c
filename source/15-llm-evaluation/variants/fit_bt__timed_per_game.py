"""timed: Newton on arrays of games; one model at a time where the graph is asked about."""
import math

import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    i, j, w = i.astype(int), j.astype(int), w.astype(float)
    if (i == j).any() or (w < 0).any() or (w > 1).any():
        raise ValueError("games")
    if ridge == 0:
        way = np.eye(n, dtype=bool)
        way[i[w > 0], j[w > 0]] = True
        way[j[w < 1], i[w < 1]] = True
        for _ in range(max(1, (n - 1).bit_length())):
            way = way.astype(float) @ way.astype(float) > 0
        if not way.all():
            raise ValueError("no maximum")
    t = np.zeros(n)
    for _ in range(60):
        p = 1 / (1 + np.exp(t[j] - t[i]))
        slope = np.bincount(i, w - p, n) - np.bincount(j, w - p, n) - ridge * t
        bend = np.bincount(i * n + j, p * (1 - p), n * n).reshape(n, n)
        bend = bend + bend.T
        step = np.linalg.solve(np.diag(bend.sum(1) + ridge) - bend + 1 / n, slope)
        t = t + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-9:
            break
    return (t - t.mean()) * 400 / math.log(10)
