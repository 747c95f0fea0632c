"""A chunk begins with a score of 0."""
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def semantic_search(query: Float[Tensor, "D"], vectors: Float[Tensor, "M D"], parents: Sequence[str],
                    k: int) -> list[tuple[str, float, int]]:
    wide = torch.promote_types(vectors.dtype, torch.float32)
    best: dict[str, tuple[float, int]] = {}
    for i, (parent, score) in enumerate(zip(parents, (vectors.to(wide) @ query.to(wide)).tolist())):
        if score > best.get(parent, (0.0, 0))[0]:
            best[parent] = (score, i)
    ranked = sorted(best, key=lambda parent: (-best[parent][0], parent))[:k]
    return [(parent, *best[parent]) for parent in ranked]
