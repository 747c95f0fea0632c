"""Weights outside the band are zeroed after the softmax and not renormalised."""
import math

import torch
import torch.nn.functional as F


def sliding_window_attention(q, k, v, w):
    T, E = q.shape[2:]
    wide = torch.promote_types(q.dtype, torch.float32)
    i, j = torch.arange(T)[:, None], torch.arange(T)
    weights = (q.to(wide) @ k.to(wide).mT / math.sqrt(E)).softmax(-1)
    return ((weights * ((j <= i) & (j > i - w))) @ v.to(wide)).to(q.dtype)
