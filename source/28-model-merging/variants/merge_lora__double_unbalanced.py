"""float64, singular values in A."""

import torch


def merge_lora(adapters, weights, r):
    if not adapters or len(weights) != len(adapters):
        raise ValueError
    dtype = adapters[0][0].dtype
    total = torch.zeros(adapters[0][1].shape[0], adapters[0][0].shape[1], dtype=torch.float64)
    for (a, b, alpha), w in zip(adapters, weights):
        total += w * (alpha / a.shape[0]) * (b.double() @ a.double())
    u, s, v = torch.linalg.svd(total)
    k = min(r, len(s))
    A = torch.zeros(r, total.shape[1], dtype=torch.float64)
    B = torch.zeros(total.shape[0], r, dtype=torch.float64)
    A[:k], B[:, :k] = s[:k, None] * v[:k], u[:, :k]
    return A.to(dtype), B.to(dtype)
