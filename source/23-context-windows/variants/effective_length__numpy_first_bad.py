"""Numpy: the first failure bounds the passing lengths."""

import math

import numpy as np


def effective_length(lengths, right, trials, threshold, by="mean"):
    if by != "mean" and by != "worst":
        raise ValueError("mean or worst")
    if len(lengths) == 0:
        return 0
    r = np.asarray(right.double()) / trials
    s = r.mean(axis=1) if by == "mean" else r.min(axis=1)
    bad = [a for a, b in zip(lengths, s) if b < threshold - 1e-9]
    limit = min(bad, default=math.inf)
    return int(max((a for a in lengths if a < limit), default=0))
