"""As peft computes it: base and update scaled apart."""
import torch


def dora_weight(W0, A, B, alpha, m=None):
    wide = torch.promote_types(W0.dtype, torch.float32)
    W, update = W0.to(wide), alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
    norm = torch.linalg.norm(W + update.detach(), dim=1).detach()
    magnitude = torch.linalg.norm(W, dim=1) if m is None else m.to(wide)
    scale = (magnitude / norm.masked_fill(norm == 0, 1))[:, None]
    return ((scale - 1) * W + W + scale * update).to(W0.dtype) if W0.dtype in (torch.float16, torch.bfloat16) else scale * (W + update)
