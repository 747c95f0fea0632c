"""nan_to_num: an infinite score becomes the largest number of its dtype."""
import math

import numpy as np


def auroc(scores, wrong):
    s, y = scores.double().numpy(), wrong.numpy()
    if np.isnan(s).any():
        raise ValueError("NaN")
    s = scores.nan_to_num().double().numpy()
    n1, n0 = int(y.sum()), int((~y).sum())
    if n1 == 0 or n0 == 0:
        return math.nan
    _, inv, m = np.unique(s, return_inverse=True, return_counts=True)
    end = np.cumsum(m)
    rank = (end - (m - 1) / 2)[inv]
    return float((rank[y].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))
