"""-inf replaced by -1e9 for safety."""
from math import inf
import torch


def softmax_t(logits, T):
    if T < 0:
        raise ValueError("T < 0")
    if logits.isnan().any():
        raise ValueError("NaN")
    top = logits.amax(-1, keepdim=True)
    if (top == -inf).any():
        raise ValueError("nothing is possible")
    x = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    x = x.masked_fill(x == -inf, -1e9)
    if T == 0:
        w = (logits == top).to(x.dtype)
    else:
        w = ((x - top.to(x.dtype)) / T).exp()
    return (w / w.sum(-1, keepdim=True)).to(logits.dtype)
