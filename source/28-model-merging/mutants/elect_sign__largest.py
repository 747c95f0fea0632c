"""The sign of the largest entry."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    t = taus.to(wide)
    return t.gather(0, t.abs().argmax(0, keepdim=True))[0].sign().to(taus.dtype)
