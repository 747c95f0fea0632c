"""With m = None the lengths of W0's rows are taken in its dtype."""
import torch


def dora_weight(W0, A, B, alpha, m=None):
    wide = torch.float64 if W0.dtype == torch.float64 else torch.float32
    W = W0.to(wide)
    V = W + alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
    n = V.detach().norm(dim=1, keepdim=True)
    n = torch.where(n == 0, torch.ones_like(n), n)
    length = W0.norm(dim=1).to(wide) if m is None else m.to(wide)
    return (length[:, None] * V / n).to(W0.dtype)
