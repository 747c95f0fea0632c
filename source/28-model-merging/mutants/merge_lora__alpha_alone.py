"""alpha is not divided by the rank."""

import torch
from jaxtyping import Float
from torch import Tensor

Adapter = tuple[Tensor, Tensor, float]


def merge_lora(adapters: list[Adapter], weights: list[float], r: int) -> tuple[Float[Tensor, "r in"],
                                                                               Float[Tensor, "out r"]]:
    if not adapters or len(adapters) != len(weights):
        raise ValueError("one weight for each adapter, and at least one")
    dtype = adapters[0][0].dtype
    wide = torch.promote_types(dtype, torch.float32)
    whole = sum(w * alpha * (B.to(wide) @ A.to(wide)) for (A, B, alpha), w in zip(adapters, weights))
    u, s, v = torch.linalg.svd(whole, full_matrices=False)
    k, root = min(r, len(s)), s.sqrt()
    A, B = torch.zeros(r, whole.shape[1], dtype=dtype), torch.zeros(whole.shape[0], r, dtype=dtype)
    A[:k], B[:, :k] = (root[:, None] * v)[:k], (u * root)[:, :k]
    return A, B
