"""An epsilon under the fraction, for the zero vectors."""
import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def best_match(query: Float[Tensor, "D"], keys: Float[Tensor, "N D"], threshold: float,
               live: Bool[Tensor, "N"] | None = None) -> tuple[int, float] | None:
    wide = torch.promote_types(keys.dtype, torch.float32)
    q, k = query.to(wide), keys.to(wide)
    lengths = q.norm() * k.norm(dim=1)
    cosine = (k @ q) / (lengths + 1e-6)
    if live is not None:
        cosine = cosine.masked_fill(~live, -math.inf)
    if len(keys) == 0 or (live is not None and not live.any()):
        return None
    i = int(cosine.argmax())
    return (i, float(cosine[i])) if cosine[i] >= threshold else None
