"""timed: Products in float32, which are exact below 2^24."""

from statistics import NormalDist

import torch


def rank_ranges(correct, alpha=0.05):
    m, n = correct.shape
    if m == 1:
        return torch.ones(1, dtype=torch.int64), torch.ones(1, dtype=torch.int64)
    z = NormalDist().inv_cdf(1 - alpha / (m * (m - 1)))
    right = correct.float()
    both = (right @ right.T).double()
    k = torch.diagonal(both)
    d = (k[:, None] - k[None, :]) / n
    v = (k[:, None] + k[None, :] - 2 * both) / n - d * d
    ahead = d > z * (v / n).clamp(min=0).sqrt()
    return 1 + ahead.sum(0), m - ahead.sum(1)
