"""Adds the zero point before rounding."""
import torch


def quant_asym(W, bits, g):
    wide = W.to(torch.promote_types(W.dtype, torch.float32)).unflatten(1, (-1, g))
    edges = torch.cat([wide, torch.zeros_like(wide[..., :1])], -1)
    low, high = edges.aminmax(dim=-1)
    scale = (high - low) / (2 ** bits - 1)
    scale = scale.masked_fill(scale == 0, 1)
    zero = (-low / scale).round()[..., None]
    q = (wide / scale[..., None] + zero).round().clamp(0, 2 ** bits - 1)
    return q.flatten(1).to(torch.uint8), scale, zero[..., 0].to(torch.uint8)
