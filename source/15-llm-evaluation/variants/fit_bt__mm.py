"""By minorisation (Hunter) on counts, or by Newton for one model at a time with a ridge."""
import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    won = np.zeros((n, n))
    np.add.at(won, (i.astype(int), j.astype(int)), w.astype(float))
    np.add.at(won, (j.astype(int), i.astype(int)), 1 - w.astype(float))
    if (i == j).any() or ((w < 0) | (w > 1)).any():
        raise ValueError("games")
    met, total = won + won.T, won.sum(1)
    if ridge == 0:
        way = np.linalg.matrix_power(np.eye(n) + (won > 0) / n, n)
        if (way <= 0).any():
            raise ValueError("no maximum")
    theta = np.zeros(n)
    for _ in range(100000):
        before = theta.copy()
        if ridge == 0:
            p = np.exp(theta)
            theta = np.log(total / (met / (p[:, None] + p)).sum(1)) if n > 1 else theta
        else:
            p = 1 / (1 + np.exp(theta[None] - theta[:, None]))
            bend = (met * p * (1 - p)).sum(1) + ridge
            theta = theta + 0.5 * np.clip(((won - met * p).sum(1) - ridge * theta) / bend, -1, 1)
        theta = theta - theta.mean()
        if np.abs(theta - before).max() < 1e-9:
            break
    return theta * (400 / np.log(10))
