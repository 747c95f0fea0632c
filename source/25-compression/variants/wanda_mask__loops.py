"""Rows and groups one by one, in float64."""
import torch


def scored(W, X):
    size = W.double().abs()
    return size if X is None else size * X.double().reshape(-1, W.shape[1]).pow(2).sum(0).sqrt()


def best(row, count):
    order = sorted(range(len(row)), key=lambda i: (row[i], i), reverse=True)
    return set(order[:count])


def wanda_mask(W, X, sparsity):
    if sparsity < 0 or sparsity > 1:
        raise ValueError
    count = W.shape[1] - round(sparsity * W.shape[1])
    return torch.tensor([[i in stay for i in range(W.shape[1])] for stay in (best(r, count) for r in scored(W, X).tolist())])


def nm_sparsify(W, n=2, m=4, X=None):
    if n < 0 or m < 1 or n > m:
        raise ValueError
    out = torch.zeros(W.shape, dtype=W.dtype)
    for i, row in enumerate(scored(W, X).tolist()):
        for a in range(0, len(row), m):
            for j in best(row[a:a + m], n):
                out[i, a + j] = W[i, a + j]
    return out
