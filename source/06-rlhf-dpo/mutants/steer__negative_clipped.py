"""A negative alpha is clipped to 0: steering away does nothing."""
import torch


def steer(h, v, alpha, positions=None):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h, v = h.to(wide), v.to(wide)
    out = h.clone()
    at = slice(None) if positions is None else positions
    out[:, at] += max(alpha, 0.0) * v
    return out.to(dtype)
