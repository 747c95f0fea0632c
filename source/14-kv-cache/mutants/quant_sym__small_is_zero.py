"""Numbers below 1e-12 count as all zero."""
import torch


def quant_sym(x, bits, mode="tensor", g=None):
    out, inn = x.shape
    h = x.float()
    rows = h.reshape(1, -1) if mode == "tensor" else h if mode == "channel" else h.reshape(-1, g)
    top = 2 ** (bits - 1) - 1
    amax = rows.abs().amax(1, keepdim=True)
    scale = torch.where(amax > 1e-12, amax / top, torch.ones_like(amax))
    q = (rows / scale).round().clamp(-top - 1, top).to(torch.int8).reshape(out, inn)
    shape = {"tensor": (), "channel": (out,), "group": (out, -1)}[mode]
    return q, scale.reshape(shape)
