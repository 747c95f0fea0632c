"""slots counted in float16 (2,048 and more are rounded)"""
import math

import numpy as np
import torch
import torch.nn.functional as F


def dispatch_with_capacity(idx, w, E, cf):
    T, k = idx.shape
    C = math.ceil(cf * T * k / E)
    slot = torch.full((T, k), -1, dtype=torch.long)
    seen = [0] * E
    for j in range(k):
        for t in range(T):
            e = int(idx[t, j])
            if seen[e] < C:
                slot[t, j] = int(torch.tensor(float(seen[e])).half())
                seen[e] += 1
    kept = torch.where(slot >= 0, w, torch.zeros_like(w))
    dropped = (slot < 0).sum().item() / (T * k) if T else 0.0
    return slot, kept, dropped
