"""Zero points in nibbles, too, where they fill bytes."""
import torch
import torch.nn.functional as F


def pack_linear(W, g):
    q, scale, zero = quant_asym(W.float(), 4, g)
    nibbles = q[:, 0::2] + 16 * q[:, 1::2]
    if zero.shape[1] % 2 == 0:
        zero = zero[:, ::2] | zero[:, 1::2] << 4
    return {"q": nibbles, "scale": scale.to(torch.float16), "zero": zero}


def quant_linear(x, packed, bias=None):
    kind = torch.float64 if x.dtype == torch.float64 else torch.float32
    q = torch.stack([packed["q"] % 16, packed["q"] // 16], -1).flatten(1)
    zero, scale = packed["zero"], packed["scale"].to(kind)
    if zero.shape[1] != scale.shape[1]:
        zero = torch.stack([zero & 15, zero >> 4], -1).flatten(1)
    g = q.shape[1] // scale.shape[1]
    W = (q.to(kind) - zero.to(kind).repeat_interleave(g, 1)) * scale.repeat_interleave(g, 1)
    y = F.linear(x.to(kind), W, None if bias is None else bias.to(kind))
    return y.to(x.dtype)
