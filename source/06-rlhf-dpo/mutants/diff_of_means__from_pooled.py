"""Positive mean minus the mean of everything: right direction, wrong length."""
import torch


def diff_of_means(pos, neg, normalize=False):
    v = pos.mean(0) - torch.cat([pos, neg]).mean(0)
    return v / v.norm() if normalize else v
