"""A sum of 0 counts as plus."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    return (2 * (taus.to(wide).sum(0) >= 0) - 1).to(taus.dtype)
