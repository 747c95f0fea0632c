"""A dimension named twice is accepted."""
import torch


def steer_dims(h, idx, strengths):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h = h.to(wide)
    if len(idx) != len(strengths):
        raise ValueError("each dimension once, with one strength")
    out = h.clone()
    out[..., idx] += h[..., idx] * torch.tensor(strengths, dtype=h.dtype)
    return out.to(dtype)
