"""A list of factors; topk by sorting absolute values."""
import torch
def steer_dims(h, idx, strengths):
    if len(idx) != len(strengths) or len(set(idx)) != len(idx):
        raise ValueError("bad")
    scale = [1.0] * h.shape[-1]
    for j, i in enumerate(idx):
        scale[i] += strengths[j]
    return torch.mul(h, torch.tensor(scale).to(h.dtype))
def topk_dims(delta, k):
    return delta.double().abs().sort(descending=True).indices[:k]
