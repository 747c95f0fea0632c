"""Places by a cumulative sum over one-hot rows."""
import math

import torch


def dispatch_with_capacity(idx, w, E, cf):
    T, k = idx.shape
    C = math.ceil(cf * T * k / E)
    hits = torch.nn.functional.one_hot(idx.T.reshape(-1), E)
    place = (hits.cumsum(0) * hits).sum(1) - 1
    slot = place.reshape(k, T).T
    keep = slot < C
    share = 1 - keep.double().mean() if T else 0.0
    return torch.where(keep, slot, -1), w * keep.to(w.dtype), share
