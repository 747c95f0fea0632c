"""Everything from the smallest to the largest position."""
import torch


def steer(h, v, alpha, positions=None):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h, v = h.to(wide), v.to(wide)
    out = h.clone()
    if positions is None:
        positions = range(h.shape[1])
    if len(positions):
        out[:, min(positions):max(positions) + 1] += (alpha * v).to(h.dtype)
    return out.to(dtype)
