"""All won and all longer: nothing is known, so one half."""

import math

import numpy as np


def length_controlled_winrate(y, dlen, scale=100.0, ridge=1.0):
    if len(y) != len(dlen) or len(y) == 0:
        raise ValueError("lengths")
    y = np.array(y, dtype=np.float64)
    x = np.tanh(np.array(dlen, dtype=np.float64) / scale)
    if (y == 1).all():
        return 1.0 if (x <= 0).any() else 0.5
    if (y == 0).all():
        return 0.0
    X = np.stack([np.ones_like(x), x], 1)
    pull = np.array([0.0, ridge])
    beta = np.zeros(2)

    def value(beta):
        eta = X @ beta
        return -(y * np.logaddexp(0, -eta) + (1 - y) * np.logaddexp(0, eta)).sum() - ridge / 2 * beta[1] ** 2

    for _ in range(500):
        p = 1 / (1 + np.exp(-np.clip(X @ beta, -700, 700)))
        slope = X.T @ (y - p) - pull * beta
        H = (X.T * (p * (1 - p))) @ X + np.diag(pull)
        step = np.linalg.lstsq(H, slope, rcond=None)[0]
        step = step * min(1.0, 2 / max(np.abs(step).max(), 1e-300))
        size = 1.0
        while value(beta + size * step) < value(beta) - 1e-12 and size > 1e-8:
            size /= 2
        beta = beta + size * step
        if np.abs(step).max() < 1e-10:
            break
    return float(1 / (1 + math.exp(-beta[0])))
