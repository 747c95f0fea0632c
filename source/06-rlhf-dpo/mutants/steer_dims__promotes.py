"""Strengths in float32 turn half precision into float32."""
import torch


def steer_dims(h, idx, strengths):
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError("each dimension once, with one strength")
    out = h.clone()
    scale = torch.ones(h.shape[-1])
    scale[idx] += torch.tensor(strengths)
    return h * scale
