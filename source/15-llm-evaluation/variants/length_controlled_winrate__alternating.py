"""One unknown at a time."""
import numpy as np


def length_controlled_winrate(y, dlen, scale=100.0, ridge=1.0):
    if len(y) != len(dlen) or len(y) == 0:
        raise ValueError("lists")
    if set(y) <= {1} or set(y) <= {0}:
        return float(y[0])
    x, y = np.tanh(np.array(dlen) / scale), np.array(y, dtype=float)
    c = k = 0.0
    for _ in range(20000):
        old = c, k
        p = 1 / (1 + np.exp(-(c + k * x)))
        c += np.clip((y - p).sum() / (p * (1 - p)).sum(), -1, 1)
        p = 1 / (1 + np.exp(-(c + k * x)))
        k += np.clip(((y - p) @ x - ridge * k) / ((p * (1 - p)) @ (x * x) + ridge), -1, 1)
        if abs(c - old[0]) + abs(k - old[1]) < 1e-12:
            break
    return float(1 / (1 + np.exp(-c)))
