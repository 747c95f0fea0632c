"""The sum runs over the last dimension."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    return taus.to(wide).sum(-1).sign().to(taus.dtype)
