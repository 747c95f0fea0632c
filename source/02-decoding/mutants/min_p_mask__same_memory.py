"""p = 0 hands back the logits themselves."""
import torch


def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p lies outside [0, 1]")
    if p == 0:
        return logits
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return logits.masked_fill((wide - wide.amax(-1, keepdim=True)).exp() < p, -torch.inf)
