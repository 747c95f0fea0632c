"""The closed form as one writes it down; the front with numpy."""
import math

import numpy as np


def cost_per_success(price_in, price_out, tokens_in, tokens_out, accuracy, retries=0, error_cost=0.0):
    if not 0.0 <= accuracy <= 1.0 or retries < 0:
        raise ValueError("impossible")
    if accuracy == 0:
        return math.inf
    solved = 1 - (1 - accuracy) ** (retries + 1)
    attempts = solved / accuracy
    return ((price_in * tokens_in + price_out * tokens_out) / 1_000_000 * attempts + (1 - solved) * error_cost) / solved


def pareto(points):
    if not points:
        return []
    P = np.array(points, float)
    no_worse = (P[:, None, 0] <= P[None, :, 0]) & (P[:, None, 1] >= P[None, :, 1])
    same = (P[:, None] == P[None]).all(2)
    return np.flatnonzero(~(no_worse & ~same).any(0)).tolist()
