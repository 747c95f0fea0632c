"""Weights without a denominator: p times their sum is the line; survivors are scattered."""
import torch
def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    x = logits.to(torch.promote_types(logits.dtype, torch.float32))
    e = (x - x.amax(-1, keepdim=True)).exp()
    s, order = e.sort(-1, descending=True)
    before = s.cumsum(-1) - s
    keep = before < p * s.sum(-1, keepdim=True)
    keep[:, 0] = True
    return torch.full_like(logits, -torch.inf).scatter(1, order, torch.where(keep, logits.gather(1, order), -torch.inf))
