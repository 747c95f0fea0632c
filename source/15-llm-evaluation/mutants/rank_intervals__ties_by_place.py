"""Models that tie get different ranks."""
import math

import numpy as np


def rank_intervals(R, alpha=0.05):
    ranks = np.sort(1 + np.argsort(np.argsort(-R, axis=1, kind="stable"), axis=1), axis=0)
    cut = math.floor(len(R) * alpha / 2)
    return ranks[cut].astype(np.int64), ranks[len(R) - 1 - cut].astype(np.int64)
