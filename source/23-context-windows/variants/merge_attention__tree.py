"""Halves merged recursively, wide throughout."""

import math

import torch


def merge_attention(parts):
    parts = list(parts)
    if not parts:
        raise ValueError("no parts")
    od, ld = parts[0][0].dtype, parts[0][1].dtype
    wide = torch.float64 if torch.float64 in (od, ld) else torch.float32
    def clean(o, l):
        l = l.to(wide, copy=True)
        return torch.where((l == -math.inf).unsqueeze(-1), torch.zeros((), dtype=wide), o.to(wide, copy=True)), l
    def join(a, b):
        top = torch.maximum(a[1], b[1])
        top = top.masked_fill(top == -math.inf, 0)
        x, y = (a[1] - top).exp(), (b[1] - top).exp()
        z = x + y
        return ((a[0] * x[..., None] + b[0] * y[..., None]) / z.masked_fill(z == 0, 1)[..., None], top + z.log())
    def tree(ps):
        if len(ps) == 1:
            return clean(*ps[0])
        h = len(ps) // 2
        return join(tree(ps[:h]), tree(ps[h:]))
    o, l = tree(parts)
    return o.to(od), l.to(ld)
