"""What is less than a thousandth of a point draws no arrow."""
import math

import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    i, j, w = np.asarray(i).astype(np.int64), np.asarray(j).astype(np.int64), np.asarray(w).astype(np.float64)
    if (i == j).any():
        raise ValueError("self play")
    if (w < 0).any() or (w > 1).any():
        raise ValueError("w outside [0, 1]")
    S = np.bincount(i * n + j, w, n * n).reshape(n, n) + np.bincount(j * n + i, 1 - w, n * n).reshape(n, n)
    if ridge == 0:
        reach = (S > 1e-3) | np.eye(n, dtype=bool)
        for _ in range(n):
            reach = reach @ reach
        if not reach.all():
            raise ValueError("no maximum")
    N = S + S.T
    won = S.sum(1)

    def loss(t):
        return (S * np.logaddexp(0, t[None, :] - t[:, None])).sum() + ridge / 2 * (t * t).sum()

    t = np.zeros(n)
    for _ in range(1000):
        p = 1 / (1 + np.exp(np.clip(t[None, :] - t[:, None], -700, 700)))
        g = won - (N * p).sum(1) - ridge * t
        W = N * p * (1 - p)
        H = np.diag(W.sum(1) + ridge) - W + (1e-300 if ridge else 0)
        if not ridge:
            H = H + np.full((n, n), 1.0 / n) * max(W.max(initial=0), 1e-12)
        d = np.linalg.lstsq(H, g, rcond=None)[0]
        f, a = loss(t), 1.0
        while loss(t + a * d) > f + 1e-12 * abs(f) and a > 1e-10:
            a /= 2
        t = t + a * d
        if np.abs(a * d).max() < 1e-9:
            break
    t = t - t.mean()
    return t * (400 / math.log(10))
