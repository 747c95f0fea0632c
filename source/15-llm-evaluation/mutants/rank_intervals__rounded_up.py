"""The number left out is rounded up."""
import math

import numpy as np


def rank_intervals(R, alpha=0.05):
    ranks = np.sort(1 + (R[:, None, :] > R[:, :, None]).sum(2), axis=0)
    cut = math.ceil(len(R) * alpha / 2)
    return ranks[cut].astype(np.int64), ranks[len(R) - 1 - cut].astype(np.int64)
