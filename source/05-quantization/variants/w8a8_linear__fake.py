"""Integers back to floats before the product."""
import torch


def w8a8_linear(X, W, s=None):
    kind = torch.float64 if X.dtype == torch.float64 else torch.float32
    x, w = X.to(kind), W.to(kind)
    if s is not None:
        x, w = x * (1 / s.to(kind)), w * s.to(kind)

    def fake(t):
        scale = t.abs().max(-1, keepdim=True).values / 127
        scale = torch.where(scale == 0, torch.ones_like(scale), scale)
        return (t / scale).round() * scale
    return torch.matmul(fake(x), fake(w).T).to(X.dtype)
