"""Multiplies group by group and adds up."""
import torch


def quant_linear(x, packed, bias=None):
    wide = torch.promote_types(x.dtype, torch.float32)
    q = unpack_int4(packed["nibbles"]).to(wide) + 8
    scale, zero = packed["scale"].to(wide), packed["zero"].to(wide)
    g, flat = q.shape[1] // scale.shape[1], x.to(wide).reshape(-1, x.shape[-1])
    y = torch.zeros(len(flat), len(q), dtype=wide)
    for c in range(scale.shape[1]):
        part = flat[:, c * g:(c + 1) * g]
        y += (part @ (q[:, c * g:(c + 1) * g] - zero[:, c:c + 1]).T) * scale[:, c]
    if bias is not None:
        y = y + bias
    return y.reshape(*x.shape[:-1], -1).to(x.dtype)
