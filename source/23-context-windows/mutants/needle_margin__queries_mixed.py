"""With more than one leading dimension the needles of the queries are mixed up."""

import math

import torch


def needle_margin(scores, needle):
    kind = torch.promote_types(scores.dtype, torch.float32)
    s = scores.to(kind)
    at = needle.long()[..., None]
    own = s.gather(-1, at)[..., 0]
    if s.dim() == 3:
        own = own.transpose(0, 1).reshape(own.shape)
    hay = s.scatter(-1, at, -torch.inf)
    n = (hay > -torch.inf).sum(-1).to(kind)
    lse = torch.logsumexp(hay, -1)
    none = n == 0
    margin = own - torch.where(none, 0.0, lse) + n.log()
    margin = torch.where(none, torch.inf, margin)
    mass = torch.where(none, 1.0, torch.exp(-torch.nn.functional.softplus(torch.where(none, 0.0, lse) - own)))
    diff = torch.where(none, 0.0, lse) - own
    mass = torch.where(none, 1.0, torch.where(diff > 30, torch.exp(-diff), 1 / (1 + torch.exp(diff.clamp(max=80)))))
    return margin.to(scores.dtype), mass.to(scores.dtype)


def margin_for(n, p):
    if n < 0 or not 0 < p < 1:
        raise ValueError
    if n == 0:
        return -math.inf
    return math.log(n) + math.log(p) - math.log1p(-p)
