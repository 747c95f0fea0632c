"""float32 for float64 too."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.float32
    return taus.to(wide).sum(0).sign().to(taus.dtype)
