"""Every scale is spelt out for its neighbours."""
import torch


def dequant_asym(q, scale, zero):
    g = q.shape[1] // scale.shape[1]
    return scale.repeat_interleave(g, 1) * (q.int() - zero.int().repeat_interleave(g, 1))


def quant_asym(W, bits, g):
    x = W.double()
    low = x.unflatten(1, (-1, g)).min(-1).values.clamp(max=0.0)
    high = x.unflatten(1, (-1, g)).max(-1).values.clamp(min=0.0)
    scale = (high - low) / (2 ** bits - 1)
    scale[scale == 0] = 1.0
    zero = torch.round(-low / scale)
    q = torch.round(x / scale.repeat_interleave(g, 1)) + zero.repeat_interleave(g, 1)
    kind = torch.float64 if W.dtype == torch.float64 else torch.float32
    return q.clamp(0, 2 ** bits - 1).byte(), scale.to(kind), zero.byte()
