"""A count instead of a share."""
import math

import torch


def dispatch_with_capacity(idx, w, E, cf):
    T, k = idx.shape
    C = math.ceil(cf * T * k / E)
    filled = [0] * E
    slot = torch.full_like(idx, -1)
    for j in range(k):
        for t in range(T):
            e = int(idx[t, j])
            if filled[e] < C:
                slot[t, j] = filled[e]
                filled[e] += 1
    lost = slot < 0
    kept = w.masked_fill(lost, 0.0)
    dropped = float(lost.sum())
    return slot, kept, dropped
