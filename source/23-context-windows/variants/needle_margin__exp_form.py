"""Hay shifted by its maximum; mass as 1 / (1 + n exp(-m)), exp overflowing to inf caught by the other form."""

import math

import torch


def needle_margin(scores, needle):
    dtype = scores.dtype
    x = scores.to(torch.promote_types(dtype, torch.float32))
    keep = torch.ones_like(x, dtype=torch.bool).scatter(-1, needle.long().unsqueeze(-1), False) & (x > -math.inf)
    own = x.gather(-1, needle.long().unsqueeze(-1)).squeeze(-1)
    n = keep.sum(-1)
    top = torch.where(keep, x, -math.inf).max(-1).values
    top0 = torch.where(n > 0, top, 0.0)
    sums = torch.where(keep, (x - top0[..., None]).exp(), 0.0).sum(-1)
    level = top0 + (sums / n.clamp(min=1).to(x.dtype)).log()
    margin = torch.where(n == 0, math.inf, own - level)
    z = torch.where(n == 0, math.inf, own - top0 - sums.log())
    mass = torch.where(z > 0, 1 / (1 + (-z).exp()), z.clamp(max=0).exp() / (1 + z.clamp(max=0).exp()))
    return margin.to(dtype), mass.to(dtype)


def margin_for(n, p):
    if not (n >= 0 and 0 < p < 1):
        raise ValueError("out of range")
    if not n:
        return -math.inf
    return math.log(n) - (math.log1p(-p) - math.log(p))
