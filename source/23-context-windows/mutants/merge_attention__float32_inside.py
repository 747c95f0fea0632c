"""Float32 inside for float64, too."""
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def merge_attention(parts: Sequence[tuple[Float[Tensor, "*lead q d"], Float[Tensor, "*lead q"]]]
                    ) -> tuple[Float[Tensor, "*lead q d"], Float[Tensor, "*lead q"]]:
    if len(parts) == 0:
        raise ValueError("no parts")
    o_type, l_type = parts[0][0].dtype, parts[0][1].dtype
    wide = torch.float32
    outs = torch.stack([o for o, _ in parts]).to(wide)
    lses = torch.stack([lse for _, lse in parts]).to(wide)
    total = lses.logsumexp(0)
    empty = lses == -torch.inf
    weights = lses.softmax(0).masked_fill(empty, 0.0)[..., None]
    out = (weights * outs.masked_fill(empty[..., None], 0.0)).sum(0)
    return out.to(o_type), total.to(l_type)
