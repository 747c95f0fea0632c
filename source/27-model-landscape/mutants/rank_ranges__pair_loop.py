"""timed: A loop over pairs of models."""

from statistics import NormalDist

import torch


def rank_ranges(correct, alpha=0.05):
    m, n = correct.shape
    best, worst = torch.ones(m, dtype=torch.int64), torch.full((m,), m, dtype=torch.int64)
    if m == 1:
        return best, worst
    z = NormalDist().inv_cdf(1 - alpha / (m * (m - 1)))
    rows = correct.double()
    for i in range(m):
        for j in range(m):
            d = rows[i] - rows[j]
            mean = d.mean()
            if mean > z * ((d * d).mean() - mean * mean).clamp(min=0).div(n).sqrt():
                best[j] += 1
                worst[i] -= 1
    return best, worst
