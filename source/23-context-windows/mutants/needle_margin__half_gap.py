"""In half precision the distance to the hay is rounded before the exponential."""

import math

import torch


def needle_margin(scores, needle):
    dtype = scores.dtype
    x = scores if dtype == torch.float64 else scores.float()
    at = needle.long()[..., None]
    own = x.gather(-1, at)[..., 0]
    hay = x.scatter(-1, at, -math.inf)
    n = (hay > -math.inf).sum(-1).to(x.dtype)
    total = hay.logsumexp(-1)
    none = n == 0
    margin = own - (total - n.log())
    margin = torch.where(none, torch.full_like(own, math.inf), margin)
    gap = torch.where(none, torch.zeros_like(own), (own - total).to(dtype).to(x.dtype))
    mass = torch.where(none, torch.ones_like(own), torch.exp(torch.nn.functional.logsigmoid(gap)))
    return margin.to(dtype), mass.to(dtype)


def margin_for(n, p):
    if not n >= 0 or not 0 < p < 1:
        raise ValueError("n and p")
    if n == 0:
        return -math.inf
    return math.log(n) + math.log(p) - math.log1p(-p)
