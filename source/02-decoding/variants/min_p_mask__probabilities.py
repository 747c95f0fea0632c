"""By the definition, with the softmax."""
import torch
from torch import inf


def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    probs = torch.softmax(wide, dim=-1)
    bar = p * probs.max(dim=-1, keepdim=True).values
    return torch.where(probs >= bar, logits, -inf)
