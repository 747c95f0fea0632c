"""Other positions are multiplied by 0."""
import torch
import torch.nn.functional as F
from torch import Tensor


def mdm_loss(logits: Tensor, x0: Tensor, m: Tensor, t: Tensor,
             prompt_len: Tensor, eps: float = 1e-3) -> Tensor:
    wide = torch.promote_types(logits.dtype, torch.float32)
    weight = 1 / (((1 - eps) * t + eps) * (x0.shape[1] - prompt_len))
    ce = F.cross_entropy(logits.to(wide).transpose(1, 2), x0.clamp(max=logits.shape[-1] - 1), reduction="none") * m
    return ((ce * torch.where(weight.isinf(), 0.0, weight)[:, None]).sum() / len(x0)).to(logits.dtype)
