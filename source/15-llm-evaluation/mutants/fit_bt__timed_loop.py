"""timed: a walk through the games at each step."""
import math

import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    games, theta = list(zip(i.tolist(), j.tolist(), w.tolist())), [0.0] * n
    for _ in range(40):
        slope, bend = [-ridge * t for t in theta], [ridge + 1e-12] * n
        for a, b, s in games:
            p = 1 / (1 + math.exp(theta[b] - theta[a]))
            slope[a] += s - p
            slope[b] -= s - p
            bend[a] += p * (1 - p)
            bend[b] += p * (1 - p)
        theta = [t + 0.9 * g / h for t, g, h in zip(theta, slope, bend)]
    return (np.array(theta) - sum(theta) / n) * 400 / math.log(10)
