"""Computed in half precision."""

from jaxtyping import Float
from torch import Tensor


def fake_quant(x: Float[Tensor, "*shape"], scale: Float[Tensor, "*scale"], bits: int) -> Float[Tensor, "*shape"]:
    if bits < 2:
        raise ValueError("a signed grid has 2 bits or more")
    wide = x.dtype
    s = scale.to(wide)
    v = (x.to(wide) / s).clamp(-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    whole = v + (v.round() - v).detach()
    return (whole * s).to(x.dtype)
