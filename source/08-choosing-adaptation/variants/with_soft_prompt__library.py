"""cross_entropy, cumulative counts, where."""
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
import torch.nn.functional as F


def with_soft_prompt(E: Float[Tensor, "B T D"], P: Float[Tensor, "n D"], mask: Bool[Tensor, "B T"],
                     labels: Int[Tensor, "B T"]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    (B, T, D), n = E.shape, P.shape[0]
    x = torch.cat([P[None].repeat(B, 1, 1).to(E.dtype), E], 1)
    real = F.pad(mask, (n, 0), value=True)
    before = F.pad(mask.long().cumsum(-1) - 1 + n, (n, 0))
    before[:, :n] = torch.arange(n)
    pos = torch.where(real, before, 0)
    asked = F.pad(torch.where(mask, labels, -100), (n, 0), value=-100)
    return x, real, pos, asked


def soft_loss(logits: Float[Tensor, "B S V"], labels: Int[Tensor, "B S"]) -> Float[Tensor, ""]:
    if logits.dtype != torch.float64:
        logits = logits.float()
    return F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=-100)
