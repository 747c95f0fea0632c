"""Flattens the inputs by view, which not every stride can give."""
import torch


def quant_linear(x, packed, bias=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    q = (unpack_int4(packed["q"]).to(torch.int16) + 8).to(torch.uint8)
    w = dequant_asym(q, packed["scale"].to(dtype), packed["zero"])
    y = (x.view(-1, x.shape[-1]).to(dtype) @ w.T).view(*x.shape[:-1], -1)
    if bias is not None:
        y = y + bias.to(dtype)
    return y.to(x.dtype)



def pack_linear(W, g):
    q, scale, zero = quant_asym(W, 4, g)
    return {"q": pack_int4((q.to(torch.int16) - 8).to(torch.int8)), "scale": scale.to(torch.float16), "zero": zero}
