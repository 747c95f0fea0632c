"""float64 logits are compared in float32: p = 1 keeps what is nearly the maximum."""
import torch
def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    x = logits.float()
    return logits.masked_fill((x - x.amax(-1, keepdim=True)).exp() < p, -torch.inf)
