"""Masks the sorted logits and gathers them back through the inverse order."""
import torch
from torch import inf


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    if p == 1:
        return logits.clone()

    wide = logits if logits.dtype == torch.float64 else logits.float()
    ordered, order = torch.sort(logits, dim=-1, descending=True)
    probs = torch.softmax(wide.gather(-1, order), -1)
    before = torch.cat([torch.zeros_like(probs[:, :1]), probs.cumsum(-1)[:, :-1]], -1)
    keep = before < p
    keep[:, 0] = True
    return torch.where(keep, ordered, -inf).gather(-1, order.argsort(-1))
