"""What is left of a token's weights is divided by its sum."""
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
    kept = torch.where(lost.any(1, keepdim=True), kept * (w.sum(1, keepdim=True) / kept.sum(1, keepdim=True).clamp(min=1e-9)), kept)
    dropped = int(lost.sum()) / (T * k) if T else 0.0
    return slot, kept, dropped
