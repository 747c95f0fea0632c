"""The angle is taken in the dtype of the arguments."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def slerp(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"], t: float) -> Float[Tensor, "*shape"]:
    if not 0 <= t <= 1:
        raise ValueError("t lies in [0, 1]")
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = a.to(wide), b.to(wide)
    lengths = float(x.norm()), float(y.norm())
    cos = float(((x / lengths[0]).to(a.dtype) * (y / lengths[1]).to(a.dtype)).sum()) if all(lengths) else 1.0
    first, second = 1 - t, t
    if abs(cos) <= 0.9995:
        omega = math.acos(cos)
        first, second = math.sin((1 - t) * omega) / math.sin(omega), math.sin(t * omega) / math.sin(omega)
    return (first * x + second * y).to(a.dtype)
