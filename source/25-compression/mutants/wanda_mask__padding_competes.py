"""The last group is padded with scores of 0, which push out weights of dead channels."""
import torch
import torch.nn.functional as F


def wanda_mask(W, X, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError("sparsity")
    x = X.reshape(-1, W.shape[1])
    x, w = x.to(torch.promote_types(x.dtype, torch.float32)), W.to(torch.promote_types(W.dtype, torch.float32))
    scores = w.abs() * torch.linalg.vector_norm(x, dim=0)
    rank = scores.argsort(dim=1, stable=True).argsort(dim=1)
    return rank >= round(sparsity * W.shape[1])


def nm_sparsify(W, n=2, m=4, X=None):
    if m < 1 or not 0 <= n <= m:
        raise ValueError("n:m")
    scores = W.to(torch.promote_types(W.dtype, torch.float32)).abs()
    if X is not None:
        x = X.reshape(-1, W.shape[1])
        scores = scores * torch.linalg.vector_norm(x.to(torch.promote_types(x.dtype, torch.float32)), dim=0)
    scores = F.pad(scores, (0, -W.shape[1] % m)).unflatten(1, (-1, m))
    rank = scores.argsort(dim=2, stable=True).argsort(dim=2)
    return torch.where((rank >= m - n).flatten(1)[:, :W.shape[1]], W, 0)
