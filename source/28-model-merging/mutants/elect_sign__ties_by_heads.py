"""Where the sum is 0, heads decide."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    t = taus.to(wide)
    total = t.sum(0)
    return torch.where(total == 0, t.sign().sum(0), total).sign().to(taus.dtype)
