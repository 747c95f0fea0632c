"""One vector of factors; argsort for the top k."""
import torch


def steer_dims(h, idx, strengths):
    factors = {i: 1 + s for i, s in zip(idx, strengths)}
    if not len(factors) == len(idx) == len(strengths):
        raise ValueError("duplicate dimensions, or not one strength for each")
    return h * torch.tensor([factors.get(i, 1.0) for i in range(h.shape[-1])], dtype=h.dtype)


def topk_dims(delta, k):
    return torch.argsort(-delta.abs())[:k]
