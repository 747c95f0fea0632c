"""The answer keeps a first dimension of 1."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    return taus.to(wide).sum(0, keepdim=True).sign().to(taus.dtype)
