"""Adds the strength itself, not the strength times the activation."""
import torch


def steer_dims(h, idx, strengths):
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError("each dimension once, with one strength")
    out = h.clone()
    out[..., idx] += torch.tensor(strengths, dtype=h.dtype)
    return out
