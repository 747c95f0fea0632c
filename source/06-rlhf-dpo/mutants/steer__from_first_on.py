"""Steers everything from the first position on."""
import torch


def steer(h, v, alpha, positions=None):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h, v = h.to(wide), v.to(wide)
    out = h.clone()
    at = slice(None) if positions is None else slice(min(positions, default=h.shape[1]), None)
    out[:, at] += alpha * v
    return out.to(dtype)
