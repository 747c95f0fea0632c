"""The product alpha * v in half precision, rounded before it is added."""
import torch


def steer(h, v, alpha, positions=None):
    d = torch.promote_types(h.dtype, torch.float32)
    out = h.clone()
    where = slice(None) if positions is None else positions
    out[:, where] = h[:, where] + (alpha * v.to(h.dtype))
    return out
