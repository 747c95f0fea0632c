"""Returns 1 / scale."""
import torch


def quant_sym(x, bits, mode="tensor", g=None):
    shape = {"tensor": (), "channel": (x.shape[0],), "group": (x.shape[0], -1)}[mode]
    sharing = {"tensor": (1, -1), "channel": x.shape, "group": (-1, g)}[mode]
    rows = x.to(torch.promote_types(x.dtype, torch.float32)).reshape(sharing)
    top = 2 ** (bits - 1) - 1
    scale = rows.abs().amax(1, keepdim=True) / top
    scale = torch.where(scale == 0, 1, scale)
    q = (rows / scale).round().clamp(-top - 1, top)
    return q.to(torch.int8).reshape(x.shape), 1 / scale.reshape(shape)
