"""Hands h itself back for alpha = 0."""
import torch


def steer(h, v, alpha, positions=None):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h, v = h.to(wide), v.to(wide)
    if not alpha:
        return h.to(dtype)
    out = h.clone()
    out[:, slice(None) if positions is None else positions] += alpha * v
    return out.to(dtype)
