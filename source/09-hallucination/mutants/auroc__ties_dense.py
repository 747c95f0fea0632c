"""Ranks count values and not answers."""
import math

import torch


def auroc(scores, wrong):
    if scores.isnan().any():
        raise ValueError("a NaN is no score")
    n1, n0 = int(wrong.sum()), int((~wrong).sum())
    if n1 == 0 or n0 == 0:
        return math.nan
    _, group, size = scores.double().unique(return_inverse=True, return_counts=True)
    rank = torch.arange(1, len(size) + 1, dtype=torch.float64)
    return (rank[group][wrong].sum().item() - n1 * (n1 + 1) / 2) / (n1 * n0)
