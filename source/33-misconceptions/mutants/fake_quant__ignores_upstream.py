"""Its own backward pass ignores what arrives from above."""

import torch


class Rounding(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, s, lo, hi):
        v = x / s
        q = torch.round(v).clamp(lo, hi)
        ctx.save_for_backward(v, q)
        ctx.lo, ctx.hi, ctx.shape = lo, hi, s.shape
        return q * s

    @staticmethod
    def backward(ctx, g):
        v, q = ctx.saved_tensors
        inside = (v >= ctx.lo) & (v <= ctx.hi)
        return inside.to(g.dtype), (torch.where(inside, q - v, q)).sum_to_size(ctx.shape), None, None


def fake_quant(x, scale, bits):
    if bits < 2:
        raise ValueError("two bits at least")
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    return Rounding.apply(x.to(wide), scale.to(wide), -2 ** (bits - 1), 2 ** (bits - 1) - 1).to(x.dtype)
