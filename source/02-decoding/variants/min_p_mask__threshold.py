"""A threshold on the logits: max + log p."""
import math

import torch


def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    bar = wide.amax(-1, keepdim=True) + (math.log(p) if p > 0 else -math.inf)
    out = logits.clone()
    out[wide < bar] = -math.inf
    return out
