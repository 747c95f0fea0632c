"""Means as matrix products, F.normalize for the length."""
import torch
import torch.nn.functional as F


def diff_of_means(pos, neg, normalize=False):
    p, n = pos.float(), neg.float()
    v = torch.full((len(p),), 1 / len(p)) @ p - torch.full((len(n),), 1 / len(n)) @ n
    return (F.normalize(v, dim=0) if normalize else v).to(pos.dtype)
