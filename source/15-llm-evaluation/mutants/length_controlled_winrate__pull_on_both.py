"""The intercept is pulled to 0, too."""
import numpy as np


def length_controlled_winrate(y, dlen, scale=100.0, ridge=1.0):
    s = np.asarray(y, np.float64)
    if len(s) == 0 or len(s) != len(dlen):
        raise ValueError("a score and a difference of lengths for each pair, and at least one pair")
    if (s == s[0]).all() and s[0] in (0.0, 1.0):
        return float(s[0])
    X = np.stack([np.ones(len(s)), np.tanh(np.asarray(dlen, np.float64) / scale)], 1)
    beta, pull = np.zeros(2), np.array([ridge, ridge])
    for _ in range(500):
        p = 1 / (1 + np.exp(-X @ beta))
        step = np.linalg.solve((X.T * (p * (1 - p))) @ X + np.diag(pull), X.T @ (s - p) - pull * beta)
        beta = beta + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-11:
            break
    return float(1 / (1 + np.exp(-beta[0])))
