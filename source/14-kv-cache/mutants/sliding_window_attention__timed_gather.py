"""timed: copies w keys and values for every query."""
import math

import torch
import torch.nn.functional as F


def sliding_window_attention(q, k, v, w):
    T, E = q.shape[2], q.shape[3]
    wide = torch.promote_types(q.dtype, torch.float32)
    k, v = (F.pad(x.to(wide), (0, 0, w - 1, 0)).unfold(2, w, 1).contiguous() for x in (k, v))  # (B, H, T, E, w)
    scores = (q.to(wide)[..., None] * k).sum(-2) / math.sqrt(E)
    seen = torch.arange(T)[:, None] + torch.arange(w) >= w - 1
    weights = scores.masked_fill(~seen, -torch.inf).softmax(-1)
    return (v * weights[..., None, :]).sum(-1).to(q.dtype)
