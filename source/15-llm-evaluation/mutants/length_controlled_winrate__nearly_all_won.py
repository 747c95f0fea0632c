"""A mean above 0.99 counts as all won."""
import numpy as np


def length_controlled_winrate(y, dlen, scale=100.0, ridge=1.0):
    if len(y) == 0 or len(y) != len(dlen):
        raise ValueError("lengths")
    y = np.array(y, dtype=np.float64)
    x = np.tanh(np.array(dlen, dtype=np.float64) / scale)
    if y.mean() > 0.99:
        return 1.0
    if (y == 0).all():
        return 0.0
    X = np.stack([np.ones_like(x), x], 1)
    pull = np.array([0.0, ridge])

    def loss(b):
        z = X @ b
        return (np.logaddexp(0, z) - y * z).sum() + (pull * b * b).sum() / 2

    b = np.zeros(2)
    for _ in range(500):
        p = 1 / (1 + np.exp(-np.clip(X @ b, -700, 700)))
        g = X.T @ (y - p) - pull * b
        H = X.T @ (X * (p * (1 - p))[:, None]) + np.diag(pull) + 1e-14 * np.eye(2)
        d = np.linalg.solve(H, g)
        s = 1.0
        while loss(b + s * d) > loss(b) and s > 1e-9:
            s /= 2
        b = b + s * d
        if np.abs(d).max() < 1e-10:
            break
    return float(1 / (1 + np.exp(-b[0])))
