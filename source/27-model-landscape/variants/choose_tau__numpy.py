"""In numpy."""

import numpy as np


def cascade(confidence, small_right, big_right, tau, cost_small, cost_big):
    up = confidence.numpy().astype(np.float64) < tau
    right = np.where(up, big_right.numpy(), small_right.numpy())
    return cost_small + up.mean() * cost_big, right.mean()


def choose_tau(confidence, small_right, big_right, cost_small, cost_big, floor, z=0.0):
    x = confidence.numpy().astype(np.float64)
    n, found = len(x), []
    for tau in [-np.inf, *np.unique(x), np.inf]:
        up = x < tau
        k = int(np.where(up, big_right.numpy(), small_right.numpy()).sum())
        low = k / n if z == 0 else wilson(k, n, z)[0]
        if low >= floor:
            found.append((cost_small * n + up.sum() * cost_big, -k, float(tau)))
    return min(found)[2] if found else None
