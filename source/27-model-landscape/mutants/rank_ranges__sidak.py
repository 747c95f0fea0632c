"""Sidak's level for each pair in place of Bonferroni's."""

from statistics import NormalDist

import torch


def rank_ranges(correct, alpha=0.05):
    m, n = correct.shape
    if m == 1:
        return torch.ones(1, dtype=torch.int64), torch.ones(1, dtype=torch.int64)
    z = NormalDist().inv_cdf(1 - (1 - (1 - alpha) ** (2 / (m * (m - 1)))) / 2)
    x = correct.double()
    both = x @ x.T
    k = x.sum(1)
    b = k[:, None] - both
    c = k[None, :] - both
    d = (b - c) / n
    v = (b + c) / n - d ** 2
    ahead = d > z * (v.clamp_min(0) / n).sqrt()
    return 1 + ahead.sum(0), m - ahead.sum(1)
