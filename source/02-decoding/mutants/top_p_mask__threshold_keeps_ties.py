"""Keeps every token as likely as the crossing one: with ties the set is not the smallest."""
import torch
from torch import inf


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    if p == 1:
        return logits.clone()
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    probs, order = wide.softmax(-1).sort(-1, descending=True)

    n = (probs.cumsum(-1) - probs < p).sum(-1, keepdim=True).clamp(min=1)
    return logits.masked_fill(wide.softmax(-1) < probs.gather(-1, n - 1), -inf)
