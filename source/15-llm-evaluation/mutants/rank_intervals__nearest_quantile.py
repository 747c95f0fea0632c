"""The nearest quantile of the ranks."""
import math

import numpy as np


def rank_intervals(R, alpha=0.05):
    R = np.asarray(R)
    ranks = 1 + (R[:, None, :] > R[:, :, None]).sum(-1)
    ranks = np.sort(ranks, axis=0)
    ends = [np.quantile(ranks, share, axis=0, method="nearest") for share in (alpha / 2, 1 - alpha / 2)]
    return ends[0].astype(np.int64), ends[1].astype(np.int64)
