"""The scale is rounded to x's dtype, and the quotient taken with that."""
import torch


def quant_sym(x, bits, mode="tensor", g=None):
    out, inn = x.shape
    h = x.to(torch.promote_types(x.dtype, torch.float32))
    rows = h.reshape(1, -1) if mode == "tensor" else h if mode == "channel" else h.reshape(-1, g)
    top = 2 ** (bits - 1) - 1
    amax = rows.abs().amax(1, keepdim=True)
    scale = torch.where(amax > 0, amax / top, torch.ones_like(amax))
    scale = scale.to(x.dtype).to(torch.promote_types(x.dtype, torch.float32))
    q = (rows / scale).round().clamp(-top - 1, top).to(torch.int8).reshape(out, inn)
    shape = {"tensor": (), "channel": (out,), "group": (out, -1)}[mode]
    return q, scale.reshape(shape).to(x.dtype)
