"""scale * q - scale * zero."""
import torch


def dequant_asym(q, scale, zero):
    g = q.shape[-1] // scale.shape[-1]
    return q.to(scale.dtype) * scale.repeat_interleave(g, -1) - (zero.to(scale.dtype) * scale).repeat_interleave(g, -1)


def quant_asym(W, bits, g):
    dt = torch.float64 if W.dtype == torch.float64 else torch.float32
    w = W.to(dt).contiguous().view(W.shape[0], W.shape[1] // g, g)
    zeros = torch.zeros((), dtype=dt)
    lo, hi = torch.minimum(w.amin(2), zeros), torch.maximum(w.amax(2), zeros)
    scale = (hi - lo) * (1 / (2 ** bits - 1))
    scale = scale + (scale == 0)
    zero = torch.floor(-lo / scale + 0.5)
    q = torch.clamp(torch.floor(w * (1 / scale[:, :, None]) + 0.5) + zero[:, :, None], 0, 2 ** bits - 1)
    return q.view(W.shape).to(torch.uint8), scale, zero.to(torch.uint8)
