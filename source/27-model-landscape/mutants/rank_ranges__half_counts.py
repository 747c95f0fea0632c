"""Counts in half precision."""

from statistics import NormalDist

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def rank_ranges(correct: Bool[Tensor, "M N"], alpha: float = 0.05) -> tuple[Int[Tensor, "M"], Int[Tensor, "M"]]:
    m, n = correct.shape
    if m == 1:
        return torch.ones(1, dtype=torch.int64), torch.ones(1, dtype=torch.int64)
    z = NormalDist().inv_cdf(1 - alpha / (m * (m - 1)))
    right = correct.double()
    both = (right @ right.T).half().double()
    only = both.diagonal()[:, None] - both  # (i, j): i right and j wrong
    d = (only - only.T) / n
    v = (only + only.T) / n - d * d
    ahead = d > z * (v / n).clamp(min=0).sqrt()
    return 1 + ahead.sum(0), m - ahead.sum(1)
