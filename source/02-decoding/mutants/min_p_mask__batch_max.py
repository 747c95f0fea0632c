"""The largest probability of the whole batch sets the bar."""
import torch
from torch import inf


def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    probs = wide.softmax(-1)
    return logits.masked_fill(probs < p * probs.max(), -inf)
