"""timed: Newton, with a walk through the games at each step."""
import math

import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    t = np.zeros(n)
    for _ in range(100):
        g = -ridge * t
        H = np.eye(n) * ridge + (0 if ridge else 1 / n)
        for a, b, s in zip(i, j, w):
            p = 1 / (1 + math.exp(t[b] - t[a]))
            g[a] += s - p
            g[b] -= s - p
            v = p * (1 - p)
            H[a, a] += v
            H[b, b] += v
            H[a, b] -= v
            H[b, a] -= v
        d = np.linalg.solve(H, g)
        t = t + d
        if np.abs(d).max() < 1e-6:
            break
    return (t - t.mean()) * 400 / math.log(10)
