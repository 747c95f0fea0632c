"""No gradient reaches m."""
import torch


def dora_weight(W0, A, B, alpha, m=None):
    wide = torch.promote_types(W0.dtype, torch.float32)
    base = W0.to(wide)
    V = base + alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
    norm = V.detach().norm(dim=1)
    norm = torch.where(norm == 0, 1.0, norm)
    lengths = base.norm(dim=1) if m is None else m.detach().to(wide)
    return ((lengths / norm)[:, None] * V).to(W0.dtype)
