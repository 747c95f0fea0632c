"""One model at a time, with a product for its row."""

from statistics import NormalDist

import torch


def rank_ranges(correct, alpha=0.05):
    m, n = correct.shape
    best, worst = torch.ones(m, dtype=torch.long), torch.full((m,), m)
    if m < 2:
        return best, worst
    z = NormalDist().inv_cdf(1 - alpha / m / (m - 1))
    x = correct.to(torch.float64)
    total = x.sum(1)
    for i in range(m):
        shared = x @ x[i]
        b, c = total[i] - shared, total - shared
        d = (b - c) / n
        ahead = d > z * torch.sqrt(((b + c) / n - d ** 2) / n)
        best += ahead
        worst[i] -= ahead.sum()
    return best, worst
