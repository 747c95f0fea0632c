"""A half is rounded up."""

import math

import torch


def _scores(W, X):
    kind = torch.promote_types(W.dtype, torch.float32)
    s = W.detach().to(kind).abs()
    if X is not None:
        s = s * X.detach().reshape(-1, X.shape[-1]).to(torch.promote_types(X.dtype, torch.float32)).square().sum(0).sqrt().to(kind)
    return s


def wanda_mask(W, X, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError
    s = _scores(W, X)
    n = math.floor(sparsity * W.shape[1] + 0.5)
    mask = torch.ones(W.shape, dtype=torch.bool)
    mask.scatter_(1, s.sort(dim=1, stable=True).indices[:, :n], False)
    return mask


def nm_sparsify(W, n=2, m=4, X=None):
    if m < 1 or not 0 <= n <= m:
        raise ValueError
    s = _scores(W, X)
    out = torch.zeros(W.shape, dtype=W.dtype)
    for j in range(0, W.shape[1], m):
        part = s[:, j:j + m]
        gone = max(part.shape[1] - n, 0)
        keep = torch.ones(part.shape, dtype=torch.bool)
        keep.scatter_(1, part.sort(dim=1, stable=True).indices[:, :gone], False)
        out[:, j:j + m] = torch.where(keep, W[:, j:j + m], torch.zeros((), dtype=W.dtype))
    return out
