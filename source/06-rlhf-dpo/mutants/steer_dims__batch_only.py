"""Works on (B, T, D) only."""
import torch


def steer_dims(h, idx, strengths):
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError("each dimension once, with one strength")
    if h.dim() != 3:
        raise ValueError('expected (B, T, D)')
    out = h.clone()
    out[..., idx] += h[..., idx] * torch.tensor(strengths, dtype=h.dtype)
    return out
