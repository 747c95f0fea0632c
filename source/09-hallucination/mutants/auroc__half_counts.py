"""Flags are counted in the dtype of the scores."""
import math

import numpy as np
import torch


def pick_threshold(scores, wrong, precision):
    s, y = scores.double().numpy(), wrong.numpy()
    if np.isnan(s).any():
        raise ValueError("NaN")
    best, found = 0, math.inf
    for t in np.unique(s)[::-1]:
        flagged = s >= t
        hit = int((flagged & y).sum())
        hit = float(torch.tensor(hit).to(scores.dtype))
        if hit > best and hit / int(flagged.sum()) >= precision:
            best, found = hit, float(t)
    return found
