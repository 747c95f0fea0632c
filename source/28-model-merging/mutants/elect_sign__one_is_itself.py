"""With one expert its own row comes back."""

import torch
from jaxtyping import Float
from torch import Tensor


def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    if len(taus) == 1:
        return taus[0]
    return taus.to(wide).sum(0).sign().to(taus.dtype)
