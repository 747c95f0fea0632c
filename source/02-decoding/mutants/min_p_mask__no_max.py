"""exp of raw logits overflows."""
import torch
from torch import inf


def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    e = wide.exp()
    return logits.masked_fill(~(e >= p * e.amax(-1, keepdim=True)), -inf)
