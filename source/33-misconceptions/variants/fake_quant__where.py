"""Clipping by masks, straight through by one difference."""

import torch
from jaxtyping import Float
from torch import Tensor


def fake_quant(x: Float[Tensor, "*shape"], scale: Float[Tensor, "*scale"], bits: int) -> Float[Tensor, "*shape"]:
    if bits < 2:
        raise ValueError("too few bits")
    dtype = torch.promote_types(torch.float32, x.dtype)
    n = 2 ** (bits - 1)
    ratio = x.to(dtype) / scale.to(dtype)
    q = ratio - ratio.detach() + torch.round(ratio.detach())
    q = torch.where(ratio > n - 1, torch.full_like(q, n - 1), torch.where(ratio < -n, torch.full_like(q, -n), q))
    return (q * scale.to(dtype)).to(x.dtype)
