"""A vector of zeros counts as at a right angle."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def slerp(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"], t: float) -> Float[Tensor, "*shape"]:
    if not 0 <= t <= 1:
        raise ValueError("t lies in [0, 1]")
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = a.to(wide), b.to(wide)
    long = float(x.norm() * y.norm())
    cos = float((x * y).sum()) / long if long > 0 else 0.0
    first, second = 1 - t, t
    if abs(cos) <= 0.9995:
        omega = math.acos(cos)
        first, second = math.sin((1 - t) * omega) / math.sin(omega), math.sin(t * omega) / math.sin(omega)
    return (first * x + second * y).to(a.dtype)
