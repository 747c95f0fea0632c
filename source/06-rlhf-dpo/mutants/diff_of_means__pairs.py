"""Pairs the rows up and drops what is left of the longer set."""
import torch


def diff_of_means(pos, neg, normalize=False):
    v = torch.stack([p - n for p, n in zip(pos, neg)]).mean(0)
    return v / v.norm() if normalize else v
