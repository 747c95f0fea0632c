"""Float64 inside only where lse is float64."""

import math

import torch


def merge_attention(parts):
    if len(parts) == 0:
        raise ValueError("nothing")
    out_dtype, lse_dtype = parts[0][0].dtype, parts[0][1].dtype
    wide = torch.float64 if torch.float64 in (lse_dtype,) else torch.float32
    lses = torch.stack([l.to(wide) for _, l in parts])
    outs = torch.stack([o.to(wide) for o, _ in parts])
    top = lses.max(0).values
    base = torch.where(top == -math.inf, torch.zeros_like(top), top)
    weights = (lses - base).exp()
    total = weights.sum(0)
    outs = torch.where((lses == -math.inf)[..., None], torch.zeros_like(outs), outs)
    out = (weights[..., None] * outs).sum(0) / torch.where(total == 0, torch.ones_like(total), total)[..., None]
    lse = base + total.log()
    return out.to(out_dtype), lse.to(lse_dtype)
