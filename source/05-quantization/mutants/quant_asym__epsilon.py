"""The scale is at least 1e-5."""
import torch


def quant_asym(W, bits, g):
    wide = torch.promote_types(W.dtype, torch.float32)
    groups = W.to(wide).reshape(W.shape[0], -1, g)
    low, high = groups.amin(-1).clamp(max=0), groups.amax(-1).clamp(min=0)
    scale = (high - low) / (2 ** bits - 1)
    scale = torch.where(scale == 0, 1, scale.clamp(min=1e-5))
    zero = (-low / scale).round()
    q = ((groups / scale[..., None]).round() + zero[..., None]).clamp(0, 2 ** bits - 1)
    return q.to(torch.uint8).reshape(W.shape), scale, zero.to(torch.uint8)
