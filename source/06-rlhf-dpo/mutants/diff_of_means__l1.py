"""Divides by the sum of absolute values instead of the Euclidean length."""


def diff_of_means(pos, neg, normalize=False):
    v = pos.mean(0) - neg.mean(0)
    return v / v.abs().sum() if normalize else v
