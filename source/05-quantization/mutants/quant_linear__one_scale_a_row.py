"""One range a row, repeated for every group."""
import torch


def pack_linear(W, g):
    q, scale, zero = quant_asym(W, 4, W.shape[1])
    scale, zero = (t.repeat(1, W.shape[1] // g) for t in (scale, zero))
    return {"nibbles": pack_int4(q.to(torch.int8) - 8), "scale": scale.half(), "zero": zero}
