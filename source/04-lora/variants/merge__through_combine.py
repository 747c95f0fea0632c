"""merge by one product of the combined adapter."""
import torch


def combine(adapters, weights):
    ranks = [A.shape[0] for A, _, _ in adapters]
    A = torch.cat([A.clone() for A, _, _ in adapters], 0)
    columns = torch.cat([torch.full((r,), w * alpha / r, dtype=A.dtype) for r, w, (_, _, alpha) in zip(ranks, weights, adapters)])
    return A, torch.cat([B for _, B, _ in adapters], 1) * columns, sum(ranks)


def merge(W, adapters, weights=None):
    if len(adapters) == 0:
        return W.clone()
    wide = torch.promote_types(W.dtype, torch.float32)
    wider = [(A.to(wide), B.to(wide), alpha) for A, B, alpha in adapters]
    A, B, alpha = combine(wider, [1.0] * len(adapters) if weights is None else list(weights))
    return torch.addmm(W.to(wide), B, A, alpha=alpha / A.shape[0]).to(W.dtype)
