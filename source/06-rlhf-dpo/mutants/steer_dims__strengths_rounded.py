"""Strengths are rounded to quarters."""
import torch
def steer_dims(h, idx, strengths):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h = h.to(wide)
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError
    out = h.clone()
    for i, s in zip(idx, strengths):
        out[..., i] = h[..., i] * (1 + round(s * 4) / 4)
    return out.to(dtype)
