"""Hands h itself back for empty lists."""
import torch


def steer_dims(h, idx, strengths):
    if len(idx) != len(strengths) or len(set(idx)) != len(idx):
        raise ValueError("one strength for each of several different dimensions")
    if not idx:
        return h
    out = h.clone()
    out[..., idx] *= 1 + torch.tensor(strengths, dtype=h.dtype)
    return out
