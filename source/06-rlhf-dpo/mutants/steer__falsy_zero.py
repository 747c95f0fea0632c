"""Position 0 is falsy and dropped."""
import torch


def steer(h, v, alpha, positions=None):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h, v = h.to(wide), v.to(wide)
    out = h.clone()
    if positions is None:
        positions = range(h.shape[1])
    else:
        positions = [t for t in positions if t]
    for t in positions:
        out[:, t] += (alpha * v).to(h.dtype)
    return out.to(dtype)
