"""An autograd function with both gradients written out."""

import torch
from jaxtyping import Float
from torch import Tensor


def fake_quant(x: Float[Tensor, "*shape"], scale: Float[Tensor, "*scale"], bits: int) -> Float[Tensor, "*shape"]:
    if bits < 2:
        raise ValueError(bits)
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    class Rounding(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, s):
            v = x / s
            ctx.save_for_backward(v, s)
            return v.round().clamp(low, high) * s

        @staticmethod
        def backward(ctx, g):
            v, s = ctx.saved_tensors
            inside = (v >= low) & (v <= high)
            slope = torch.where(inside, v.round() - v, v.clamp(low, high))
            return g * inside, (g * slope).sum_to_size(s.shape)

    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    return Rounding.apply(x.to(wide), scale.to(wide)).to(x.dtype)
