"""0 / 0 where nobody agrees."""

import torch
from jaxtyping import Float
from torch import Tensor


def disjoint_merge(taus: Float[Tensor, "N *shape"], signs: Float[Tensor, "*shape"],
                   weights: list[float] | None = None) -> Float[Tensor, "*shape"]:
    wide = torch.promote_types(taus.dtype, torch.float32)
    t = taus.to(wide)
    agree = (t.sign() == signs.to(wide)) & (t != 0)
    w = torch.ones(len(t), dtype=wide) if weights is None else torch.tensor(weights, dtype=wide)
    each = w.reshape(-1, *[1] * signs.dim()) * agree
    total = each.sum(0)
    return ((each * t).sum(0) / total).to(taus.dtype)
