"""Hands h itself back for empty lists."""
import torch


def steer_dims(h, idx, strengths):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h = h.to(wide)
    if len(idx) != len(strengths) or len(set(idx)) != len(idx):
        raise ValueError("one strength for each of several different dimensions")
    if not idx:
        return h.to(dtype)
    out = h.clone()
    out[..., idx] *= 1 + torch.tensor(strengths, dtype=h.dtype)
    return out.to(dtype)
