"""The weights in the dtype of the task vectors."""

import torch
from jaxtyping import Float
from torch import Tensor


def disjoint_merge(taus: Float[Tensor, "N *shape"], signs: Float[Tensor, "*shape"],
                   weights: list[float] | None = None) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    t = taus.to(wide)
    agree = (t.sign() == signs.to(wide)) & (t != 0)
    weights = [1.0] * len(t) if weights is None else weights
    w = torch.tensor(weights, dtype=taus.dtype, device=t.device).to(wide)
    each = w.reshape(-1, *[1] * signs.dim()) * agree
    total = each.sum(0)
    return torch.where(total > 0, (each * t).sum(0) / total, torch.zeros_like(total)).to(taus.dtype)
