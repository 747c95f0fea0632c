"""Adds a mask of 0 and -inf in the logits' dtype."""
import torch
def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    x = logits.to(torch.promote_types(logits.dtype, torch.float32))
    low = torch.exp(x - torch.amax(x, 1)[:, None]) < p
    return logits + torch.zeros_like(logits).masked_fill(low, -torch.inf)
