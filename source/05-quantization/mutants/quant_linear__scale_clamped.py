"""Keeps scales above 0.001, for the sake of float16."""
import torch


def pack_linear(W, g):
    q, scale, zero = quant_asym(W, 4, g)
    return {"nibbles": pack_int4((q.to(torch.int16) - 8).to(torch.int8)), "scale": scale.clamp(min=1e-3).to(torch.float16), "zero": zero}
