"""The logarithm of p is rounded to the dtype of the logits."""
import math
from math import inf
import torch


def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 0:
        return logits.clone()
    x = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    gap = x - x.amax(-1, keepdim=True)
    return logits.masked_fill(gap < torch.tensor(math.log(p), dtype=logits.dtype).to(x.dtype), -inf)
