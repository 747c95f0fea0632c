"""Two ties at the ends give level 2 ** bits, which is not clamped."""
import torch


def quant_asym(W, bits, g):
    w = W.to(torch.promote_types(W.dtype, torch.float32)).reshape(W.shape[0], -1, g)
    low, high = w.amin(-1).clamp(max=0), w.amax(-1).clamp(min=0)
    top = 2 ** bits - 1
    scale = (high - low) / top
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    zero = (-low / scale).round()
    q = ((w / scale[..., None]).round() + zero[..., None])
    return q.to(torch.uint8).reshape(W.shape), scale, zero.to(torch.uint8)


def dequant_asym(q, scale, zero):
    g = q.shape[1] // scale.shape[1]
    grouped = q.reshape(q.shape[0], -1, g).to(scale.dtype)
    return ((grouped - zero[..., None].to(scale.dtype)) * scale[..., None]).reshape(q.shape)
