"""Ranks of the ends of the ratings, and not ends of the ranks."""
import math

import numpy as np


def rank_intervals(R, alpha=0.05):
    cut, R = math.floor(len(R) * alpha / 2), np.sort(R, axis=0)
    top, bottom = R[len(R) - 1 - cut], R[cut]
    return 1 + (top > top[:, None]).sum(1), 1 + (bottom > bottom[:, None]).sum(1)
