"""One scale for the whole tensor in every mode."""
import torch


def quant_sym(x, bits, mode="tensor", g=None):
    top = 2 ** (bits - 1) - 1
    wide = x.float()
    scale = wide.abs().max() / top if wide.abs().max() > 0 else torch.tensor(1.0)
    q = (wide / scale).round().clamp(-top - 1, top).to(torch.int8)
    shape = {"tensor": (), "channel": (x.shape[0],), "group": (x.shape[0], x.shape[1] // (g or 1))}[mode]
    return q, scale.expand(shape).clone()
