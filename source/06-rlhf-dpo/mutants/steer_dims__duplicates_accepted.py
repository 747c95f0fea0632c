"""A dimension named twice is accepted."""
import torch


def steer_dims(h, idx, strengths):
    if len(idx) != len(strengths):
        raise ValueError("each dimension once, with one strength")
    out = h.clone()
    out[..., idx] += h[..., idx] * torch.tensor(strengths, dtype=h.dtype)
    return out
