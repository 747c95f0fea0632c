"""Packs sizes without signs."""
import torch


def pack_linear(W, g):
    q, scale, zero = quant_asym(W.abs(), 4, g)
    return {"nibbles": pack_int4(q.to(torch.int8) - 8), "scale": scale.half(), "zero": zero}
