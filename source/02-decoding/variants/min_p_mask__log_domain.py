"""A bar in the log domain; log 0 is -inf."""
import math
import torch
def min_p_mask(logits, p):
    if p < 0 or p > 1:
        raise ValueError("p")
    bar = math.log(p) if p > 0 else -math.inf
    x = logits.double()
    gap = x - x.max(-1, keepdim=True)[0]
    return logits.masked_fill(gap < bar, -math.inf)
