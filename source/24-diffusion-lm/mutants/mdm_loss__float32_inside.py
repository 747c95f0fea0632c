"""float32 inside, for float64, too."""
import torch
import torch.nn.functional as F
from torch import Tensor


def mdm_loss(logits: Tensor, x0: Tensor, m: Tensor, t: Tensor,
             prompt_len: Tensor, eps: float = 1e-3) -> Tensor:
    wide = torch.float32
    weight = 1 / (((1 - eps) * t + eps) * (x0.shape[1] - prompt_len))
    rows = m.nonzero()[:, 0]
    ce = F.cross_entropy(logits[m].to(wide), x0[m], reduction="none")
    return ((ce * weight[rows]).sum() / len(x0)).to(logits.dtype)
