"""Ranks by a binary search in the sorted row."""
import numpy as np


def rank_intervals(R, alpha=0.05):
    ranks = np.stack([len(row) + 1 - np.searchsorted(np.sort(row), row, side="right") for row in R])
    cut = int(np.floor(len(R) * alpha / 2))
    ends = np.partition(ranks, (cut, len(R) - 1 - cut), axis=0)
    return ends[cut].astype(np.int64), ends[len(R) - 1 - cut].astype(np.int64)
