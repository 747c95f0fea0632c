"""Symmetric 4 bits, no zero point."""
import torch


def pack_linear(W, g):
    q, scale = quant_sym(W, 4, "group", g)
    return {"nibbles": pack_int4(q), "scale": scale.half()}


def quant_linear(x, packed, bias=None):
    wide = torch.promote_types(x.dtype, torch.float32)
    scale = packed["scale"].to(wide)
    q = unpack_int4(packed["nibbles"])
    W = (q.reshape(*scale.shape, -1) * scale[..., None]).reshape(q.shape)
    y = x.to(wide) @ W.T
    return (y if bias is None else y + bias.to(wide)).to(x.dtype)
