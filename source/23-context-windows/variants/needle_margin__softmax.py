"""From the softmax of all, and a float64 inside."""
import numpy as np
import torch


def needle_margin(scores, needle):
    x = scores.double()
    index = needle.unsqueeze(-1)
    own = x.gather(-1, index).squeeze(-1)
    is_needle = torch.zeros_like(x, dtype=torch.bool).scatter(-1, index, True)
    hay = x.masked_fill(is_needle, float("-inf"))
    count = (hay != float("-inf")).sum(-1)
    top = hay.amax(-1, keepdim=True).clamp(min=-1e300)
    level = (hay - top).exp().sum(-1).div(count.clamp(min=1)).log() + top.squeeze(-1)
    margin = torch.where(count == 0, torch.full_like(own, float("inf")), own - level)
    mass = torch.sigmoid(margin - count.clamp(min=1).double().log())
    return margin.to(scores.dtype), mass.to(scores.dtype)


def margin_for(n, p):
    if not (n >= 0 and 0 < p < 1):
        raise ValueError
    if n == 0:
        return float("-inf")
    return float(np.log(n) + np.log(p) - np.log1p(-p))
