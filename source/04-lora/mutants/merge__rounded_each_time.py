"""merge rounds to half precision after every adapter."""
import torch


def combine(adapters, weights):
    scales = [w * alpha / A.shape[0] for (A, _, alpha), w in zip(adapters, weights)]
    A = torch.cat([A for A, _, _ in adapters])
    B = torch.cat([s * B for s, (_, B, _) in zip(scales, adapters)], dim=1)
    return A, B, float(A.shape[0])  # alpha / r = 1: the scales are in B


def merge(W, adapters, weights=None):
    wide = torch.promote_types(W.dtype, torch.float32)
    total = W.to(wide, copy=True)
    for (A, B, alpha), w in zip(adapters, weights or [1.0] * len(adapters)):
        total = (total + w * alpha / A.shape[0] * (B.to(wide) @ A.to(wide))).to(W.dtype).to(wide)
    return total.to(W.dtype)
