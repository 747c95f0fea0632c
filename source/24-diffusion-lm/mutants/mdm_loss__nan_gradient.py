"""Other positions are left out after the softmax: the value is right, NaN comes back through the gradient."""
import torch
import torch.nn.functional as F


def mdm_loss(logits, x0, m, t, prompt_len, eps=1e-3):
    B, L, V = logits.shape
    up = logits if logits.dtype in (torch.float32, torch.float64) else logits.float()
    p = (1 - eps) * t + eps
    A = L - prompt_len
    ids = torch.where(m, x0, 0)
    ce = F.cross_entropy(up.transpose(1, 2), ids, reduction="none")
    w = (1 / (p * A.clamp(min=1))).to(up.dtype)
    return (torch.where(m, ce, 0.0).sum(1) * w).mean().to(logits.dtype)
