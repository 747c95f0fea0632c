"""Scores closer than 1e-9 tie."""
import math


def auroc(scores, wrong):
    if scores.isnan().any():
        raise ValueError("a NaN is no score")
    n1, n0 = int(wrong.sum()), int((~wrong).sum())
    if n1 == 0 or n0 == 0:
        return math.nan
    _, group, size = (scores.double() * 1e9).round().unique(return_inverse=True, return_counts=True)
    rank = size.cumsum(0).double() - (size.double() - 1) / 2
    return (rank[group][wrong].sum().item() - n1 * (n1 + 1) / 2) / (n1 * n0)
