"""In half precision the integers are rounded to the dtype before the scale is multiplied."""

import torch
from jaxtyping import Float
from torch import Tensor


def fake_quant(x: Float[Tensor, "*shape"], scale: Float[Tensor, "*scale"], bits: int) -> Float[Tensor, "*shape"]:
    if bits < 2:
        raise ValueError("a signed grid has 2 bits or more")
    wide = torch.promote_types(x.dtype, torch.float32)
    s = scale.to(wide)
    v = (x.to(wide) / s).clamp(-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    whole = v + (v.round() - v).detach()
    return whole.to(x.dtype) * s.to(x.dtype)
