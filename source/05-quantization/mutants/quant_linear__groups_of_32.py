"""Groups are 32 where that divides, whatever g is."""
import torch


def pack_linear(W, g):
    q, scale, zero = quant_asym(W, 4, 32 if W.shape[1] % 32 == 0 else W.shape[1])
    return {"nibbles": pack_int4(q.to(torch.int8) - 8), "scale": scale.half(), "zero": zero}
