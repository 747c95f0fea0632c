"""A row without a real token is repaired in the argument."""
import math

import numpy as np
import torch
import torch.nn.functional as F

def make_mask(kind, real, prefix=None, source=None):
    Bn, T = real.shape
    i = torch.arange(T)
    causal = i[None, :, None] >= i[None, None, :]
    if kind == "causal":
        see = causal & real[:, None, :]
    elif kind == "bidirectional":
        see = real[:, None, :].expand(Bn, T, T)
        real |= ~real.any(1, keepdim=True)
    elif kind == "prefix":
        inside = real & (real.long().cumsum(1) <= prefix[:, None])
        see = (causal | inside[:, None, :]) & real[:, None, :]
    elif kind == "cross":
        see = source[:, None, :].expand(Bn, T, source.shape[1])
    else:
        raise ValueError(kind)
    return see | ~see.any(-1, keepdim=True)
