"""Centres the caller's weights."""
import torch


def pack_linear(W, g):
    W.copy_(W.round(decimals=1))
    q, scale, zero = quant_asym(W, 4, g)
    return {"nibbles": pack_int4(q.to(torch.int8) - 8), "scale": scale.half(), "zero": zero}
