"""The difference in half."""
import math
from math import inf
import torch


def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 0:
        return logits.clone()
    x = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    gap = logits - logits.amax(-1, keepdim=True)
    return logits.masked_fill(gap < math.log(p), -inf)
