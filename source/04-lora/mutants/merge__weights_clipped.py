"""Weights are clipped to 1.5 either way."""
import torch


def merge(W, adapters, weights=None):
    wide = torch.promote_types(W.dtype, torch.float32)
    total = W.to(wide).clone()
    for (A, B, alpha), w in zip(adapters, [1.0] * len(adapters) if weights is None else weights):
        total = total + max(-1.5, min(1.5, w)) * alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
    return total.to(W.dtype)
