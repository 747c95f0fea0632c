"""Lengths of inputs are taken in the dtype of X."""
import torch


def scores_of(W, X):
    work = torch.promote_types(W.dtype, torch.float32)
    score = W.to(work).abs()
    if X is not None:
        score = score * X.reshape(-1, X.shape[-1]).norm(dim=0)
    return score


def wanda_mask(W, X, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError("sparsity")
    score = scores_of(W, X)
    gone = score.sort(dim=-1, stable=True).indices[:, :round(sparsity * W.shape[1])]
    return torch.ones(W.shape, dtype=torch.bool).scatter(1, gone, False)


def nm_sparsify(W, n=2, m=4, X=None):
    if m < 1 or not 0 <= n <= m:
        raise ValueError("n of m")
    score, new = scores_of(W, X), W.clone()
    for i in range(0, W.shape[1], m):
        part = score[:, i:i + m]
        gone = part.sort(dim=-1, stable=True).indices[:, :max(0, part.shape[1] - n)]
        new[:, i:i + m] = W[:, i:i + m].masked_fill(torch.zeros(part.shape, dtype=torch.bool).scatter(1, gone, True), 0)
    return new
