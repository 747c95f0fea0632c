"""Two thin QRs and a small SVD: the whole is never formed."""

import torch


def merge_lora(adapters, weights, r):
    if len(adapters) == 0 or len(weights) != len(adapters):
        raise ValueError
    dtype = adapters[0][0].dtype
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    big_a = torch.cat([a.to(wide) for a, _, _ in adapters])
    big_b = torch.cat([(w * alpha / a.shape[0]) * b.to(wide) for (a, b, alpha), w in zip(adapters, weights)], dim=1)
    qb, rb = torch.linalg.qr(big_b)
    qa, ra = torch.linalg.qr(big_a.T)
    u, s, v = torch.linalg.svd(rb @ ra.T, full_matrices=False)
    k = min(r, len(s))
    A, B = torch.zeros(r, big_a.shape[1], dtype=wide), torch.zeros(big_b.shape[0], r, dtype=wide)
    A[:k] = v[:k] @ qa.T
    B[:, :k] = qb @ (u[:, :k] * s[:k])
    return A.to(dtype), B.to(dtype)
