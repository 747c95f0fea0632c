"""In numpy, with the complement."""

from statistics import NormalDist

import numpy as np
import torch


def rank_ranges(correct, alpha=0.05):
    x = correct.numpy().astype(np.float64)
    m, n = x.shape
    if m == 1:
        return torch.tensor([1]), torch.tensor([1])
    b = x @ (1 - x).T
    c = b.T
    d = (b - c) / n
    v = np.maximum((b + c) / n - d ** 2, 0)
    z = -NormalDist().inv_cdf(alpha / (m * (m - 1)))
    ahead = d > z * np.sqrt(v / n)
    return torch.from_numpy(1 + ahead.sum(axis=0)), torch.from_numpy(m - ahead.sum(axis=1))
