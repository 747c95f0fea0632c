"""A loop over positions."""
import torch


def steer(h, v, alpha, positions=None):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h, v = h.to(wide), v.to(wide)
    out, push = h.detach().clone(), alpha * v
    for t in range(h.shape[1]) if positions is None else positions:
        out[:, t, :] = out[:, t, :] + push
    return out.to(dtype)
