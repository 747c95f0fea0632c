"""'channel' and 'tensor' are groups of a reshaped tensor."""
import torch


def quant_sym(x, bits, mode="tensor", g=None):
    if mode == "tensor":
        q, scale = quant_sym(x.reshape(1, -1), bits, "group", x.numel())
        return q.reshape(x.shape), scale.squeeze()
    if mode == "channel":
        q, scale = quant_sym(x, bits, "group", x.shape[1])
        return q, scale[:, 0]
    blocks = x.double().reshape(x.shape[0], x.shape[1] // g, g)
    top = (1 << (bits - 1)) - 1
    scale = blocks.abs().amax(-1) / top
    scale[scale == 0] = 1.0
    q = torch.round(blocks / scale[..., None])
    return q.reshape(x.shape).to(torch.int8), scale.float()
