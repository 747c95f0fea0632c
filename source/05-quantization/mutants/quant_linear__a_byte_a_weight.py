"""Stores a byte for every weight."""
import torch


def pack_linear(W, g):
    q, scale, zero = quant_asym(W, 4, g)
    return {"nibbles": q, "scale": scale.half(), "zero": zero}


def quant_linear(x, packed, bias=None):
    wide = torch.promote_types(x.dtype, torch.float32)
    q = packed["nibbles"]
    W = dequant_asym(q, packed["scale"].to(wide), packed["zero"])
    y = x.to(wide) @ W.T
    return (y if bias is None else y + bias.to(wide)).to(x.dtype)
