"""Scales the caller's activations."""
import torch


def steer_dims(h, idx, strengths):
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError("each dimension once, with one strength")
    out = h
    out[..., idx] += h[..., idx] * torch.tensor(strengths, dtype=h.dtype)
    return out
