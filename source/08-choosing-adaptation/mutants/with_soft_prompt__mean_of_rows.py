"""The mean of the rows' means."""
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def with_soft_prompt(E: Float[Tensor, "B T D"], P: Float[Tensor, "n D"], mask: Bool[Tensor, "B T"],
                     labels: Int[Tensor, "B T"]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    B, n = len(E), len(P)
    x = torch.cat([P.to(E.dtype).expand(B, -1, -1), E], dim=1)
    front = torch.ones(B, n, dtype=torch.bool, device=mask.device)
    seen = torch.cat([front, mask], dim=1)
    pos = (seen.long().cumsum(1) - 1) * seen
    asked = torch.cat([labels.new_full((B, n), -100), labels.masked_fill(~mask, -100)], dim=1)
    return x, seen, pos, asked


def soft_loss(logits: Float[Tensor, "B S V"], labels: Int[Tensor, "B S"]) -> Float[Tensor, ""]:
    wide = torch.promote_types(logits.dtype, torch.float32)
    guess, want = logits[:, :-1].to(wide), labels[:, 1:]
    asked = want != -100
    logp = guess.log_softmax(-1).gather(-1, want.clamp(min=0)[..., None])[..., 0]
    rows = [-row[a].mean() for row, a in zip(logp, asked) if a.any()]
    return torch.stack(rows).mean()
