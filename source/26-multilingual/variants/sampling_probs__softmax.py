"""Softmax of alpha times the logarithm; shares by bisection."""
import numpy as np


def sampling_probs(counts, alpha):
    sizes = np.array(list(counts.values()), dtype=float)
    if not (alpha >= 0 and alpha <= 1) or np.isnan(sizes).any() or (sizes < 0).any() or not (sizes > 0).any():
        raise ValueError("sizes or alpha")
    with np.errstate(divide="ignore"):
        logs = np.where(sizes > 0, alpha * np.log(np.where(sizes > 0, sizes, 1)), -np.inf)
    p = np.exp(logs - logs.max())
    return dict(zip(counts, (p / p.sum()).tolist()))


def unimax(counts, budget, max_epochs):
    values = list(counts.values())
    if any(not v >= 0 for v in [budget, max_epochs, *values]):
        raise ValueError("negative or NaN")
    caps = {k: float(max_epochs * n) for k, n in counts.items()}
    if sum(caps.values()) <= budget:
        return caps
    low, high = 0.0, float(budget)
    for _ in range(200):
        c = (low + high) / 2
        if sum(min(cap, c) for cap in caps.values()) > budget:
            high = c
        else:
            low = c
    return {k: min(cap, high) for k, cap in caps.items()}
