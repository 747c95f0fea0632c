"""Weights are rounded to half precision before the product."""
import torch


def quant_linear(x, packed, bias=None):
    wide = torch.promote_types(x.dtype, torch.float32)
    q = (unpack_int4(packed["nibbles"]) + 8).to(torch.uint8)
    W = dequant_asym(q, packed["scale"].to(wide), packed["zero"])
    y = x.to(wide) @ W.to(x.dtype).to(wide).T
    return (y if bias is None else y + bias.to(wide)).to(x.dtype)
