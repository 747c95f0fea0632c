"""F.one_hot(...).any over time."""
import torch
import torch.nn.functional as F


def repetition_penalty(ids, logits, r):
    seen = F.one_hot(ids, logits.shape[-1]).bool().any(dim=1)
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return torch.where(seen, torch.where(wide > 0, wide / r, wide * r), wide).to(logits.dtype)
