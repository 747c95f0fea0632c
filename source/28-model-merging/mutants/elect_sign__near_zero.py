"""A small sum counts as 0."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    total = taus.to(wide).sum(0)
    return torch.where(total.abs() < 1e-8, 0 * total, total.sign()).to(taus.dtype)
