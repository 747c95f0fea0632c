"""The sign of the median."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    return taus.to(wide).median(0).values.sign().to(taus.dtype)
