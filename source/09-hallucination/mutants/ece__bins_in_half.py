"""Bins are found in the dtype that came in."""
import math

import numpy as np


def ece(conf, correct, bins=10):
    if bins < 1:
        raise ValueError("bins")
    c = conf.double().numpy()
    y = correct.numpy()
    if not ((c >= 0) & (c <= 1)).all():
        raise ValueError("confidence")
    n = len(c)
    if n == 0:
        return math.nan
    b = np.maximum((conf * bins).ceil().double().numpy().astype(int) - 1, 0)
    total = 0.0
    for i in range(bins):
        m = b == i
        if m.any():
            total += m.sum() / n * abs(y[m].mean() - c[m].mean())
    return float(total)
