"""Sums in float64 by einsum, back to the caller's dtype."""
import torch


def diff_of_means(pos, neg, normalize=False):
    v = torch.einsum("nd->d", pos.double()) / pos.shape[0] - torch.einsum("md->d", neg.double()) / neg.shape[0]
    if normalize:
        v = v / torch.linalg.vector_norm(v)
    return v.to(pos.dtype)
