"""W0 is scaled to lengths m before the update comes on top."""
import torch


def dora_weight(W0, A, B, alpha, m=None):
    wide = torch.promote_types(W0.dtype, torch.float32)
    base = W0.to(wide)
    base = base * ((m.to(wide) if m is not None else base.norm(dim=1)) / torch.where(base.norm(dim=1) == 0, 1.0, base.norm(dim=1)))[:, None]
    V = base + alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
    norm = V.detach().norm(dim=1)
    norm = torch.where(norm == 0, 1.0, norm)
    lengths = base.norm(dim=1) if m is None else m.to(wide)
    return V.to(W0.dtype)
