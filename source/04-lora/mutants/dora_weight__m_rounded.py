"""m is rounded to W0's dtype"""
import torch


def dora_weight(W0, A, B, alpha, m=None):
    c = torch.float64 if W0.dtype == torch.float64 else torch.float32
    W = W0.to(c)
    V = W + alpha / A.shape[0] * (B.to(c) @ A.to(c))
    n = V.detach().norm(dim=1, keepdim=True)
    n = torch.where(n == 0, torch.ones_like(n), n)
    m = W.norm(dim=1) if m is None else m.to(W0.dtype).to(c)
    return (m[:, None] / n * V).to(W0.dtype)
