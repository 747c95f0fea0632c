"""The sum is taken in half precision."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    total = torch.zeros_like(taus[0])
    for row in taus:
        total = total + row
    return total.sign()
