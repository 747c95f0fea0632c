"""Entries that are not live count as cosine 0."""
import torch
from jaxtyping import Bool, Float
from torch import Tensor


def best_match(query: Float[Tensor, "D"], keys: Float[Tensor, "N D"], threshold: float,
               live: Bool[Tensor, "N"] | None = None) -> tuple[int, float] | None:
    wide = torch.promote_types(keys.dtype, torch.float32)
    q, k = query.to(wide), keys.to(wide)
    lengths = q.norm() * k.norm(dim=1)
    cosine = torch.where(lengths > 0, (k @ q) / lengths, torch.zeros_like(lengths))
    if live is not None:
        cosine = cosine.masked_fill(~live, 0.0)
    if len(keys) == 0 or (live is not None and not live.any()):
        return None
    i = int(cosine.argmax())
    return (i, float(cosine[i])) if cosine[i] >= threshold else None
