"""Places in the matrix are computed in the dtype that came."""
import math

import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    i, j, w = np.asarray(i), np.asarray(j), np.asarray(w, np.float64)
    if (i == j).any() or (w < 0).any() or (w > 1).any():
        raise ValueError("two different models and a score from 0 to 1 make a game")
    with np.errstate(over="ignore"):
        here, back = (i * i.dtype.type(n) + j).astype(np.int64) % (n * n), (j * j.dtype.type(n) + i).astype(np.int64) % (n * n)
    won = np.bincount(np.concatenate([here, back]), np.concatenate([w, 1 - w]), n * n).reshape(n, n)
    met = np.bincount(np.concatenate([here, back]), minlength=n * n).reshape(n, n)
    reach = (won > 0) | np.eye(n, dtype=bool)
    for k in range(n):  # Warshall: is there a way through k?
        reach |= reach[:, k, None] & reach[None, k]
    if ridge == 0 and not reach.all():
        raise ValueError("some models cannot be compared: the likelihood has no maximum")
    theta = np.zeros(n)
    for _ in range(500):
        p = 1 / (1 + np.exp(theta[None] - theta[:, None]))
        slope = (won - met * p).sum(1) - ridge * theta
        bend = np.diag((met * p * (1 - p)).sum(1) + ridge) - met * p * (1 - p)
        step = np.linalg.solve(bend + (1 / n if ridge == 0 else 0), slope)
        theta = theta + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-10:
            break
    return (theta - theta.mean()) * 400 / math.log(10)
