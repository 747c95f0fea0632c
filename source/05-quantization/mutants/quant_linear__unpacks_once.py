"""The weights are unpacked into the dict on the first call."""
import torch


def pack_linear(W, g):
    q, scale, zero = quant_asym(W, 4, g)
    return {"q": pack_int4((q.to(torch.int16) - 8).to(torch.int8)), "scale": scale.half(), "zero": zero}


def quant_linear(x, packed, bias=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    q = (unpack_int4(packed["q"]).to(torch.int16) + 8).to(torch.uint8)
    w = packed.setdefault("w", dequant_asym(q, packed["scale"].to(dtype), packed["zero"])).to(dtype)
    y = x.to(dtype) @ w.T
    if bias is not None:
        y = y + bias.to(dtype)
    return y.to(x.dtype)
