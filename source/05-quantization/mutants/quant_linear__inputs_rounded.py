"""Inputs are rounded to 8 bits as well."""
import torch


def quant_linear(x, packed, bias=None):
    wide = torch.promote_types(x.dtype, torch.float32)
    q = (unpack_int4(packed["nibbles"]) + 8).to(torch.uint8)
    W = dequant_asym(q, packed["scale"].to(wide), packed["zero"])
    y = rtn(x.to(wide).reshape(-1, x.shape[-1]), 8).reshape(x.shape) @ W.T
    return (y if bias is None else y + bias.to(wide)).to(x.dtype)
