"""Normalises every example before averaging instead of the difference."""
import torch.nn.functional as F


def diff_of_means(pos, neg, normalize=False):
    if normalize:
        pos, neg = F.normalize(pos, dim=-1), F.normalize(neg, dim=-1)
    return pos.mean(0) - neg.mean(0)
