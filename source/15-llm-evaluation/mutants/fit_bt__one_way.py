"""Connected if model 0 can be reached from every other."""

import math

import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    i, j = np.asarray(i).astype(np.int64), np.asarray(j).astype(np.int64)
    w = np.asarray(w).astype(np.float64)
    if (i == j).any() or (w < 0).any() or (w > 1).any():
        raise ValueError("games")
    W = np.zeros((n, n))
    np.add.at(W, (i, j), w)
    np.add.at(W, (j, i), 1 - w)
    if ridge == 0:
        reach = (W > 0) | np.eye(n, dtype=bool)
        for _ in range(n):
            reach = (reach.astype(float) @ reach.astype(float)) > 0
        if not reach[:, 0].all():
            raise ValueError("not connected")
    N = W + W.T
    won = W.sum(1)
    t = np.zeros(n)

    def value(t):
        d = t[:, None] - t[None]
        return -(W * np.logaddexp(0, -d)).sum() - ridge / 2 * (t @ t)

    for _ in range(500):
        p = 1 / (1 + np.exp(np.clip(t[None] - t[:, None], -700, 700)))
        slope = won - (N * p).sum(1) - ridge * t
        h = N * p * (1 - p)
        H = np.diag(h.sum(1) + ridge) - h + (1.0 / n if ridge == 0 else 0.0) * np.ones((n, n))
        step = np.linalg.lstsq(H, slope, rcond=None)[0]
        size = min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        while value(t + size * step) < value(t) - 1e-9 and size > 1e-6:
            size /= 2
        t = t + size * step
        if np.abs(step).max() < 1e-10:
            break
    t = t - t.mean()
    return t * 400 / math.log(10)
