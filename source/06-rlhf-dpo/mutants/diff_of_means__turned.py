"""Negative minus positive: steers the other way."""


def diff_of_means(pos, neg, normalize=False):
    v = neg.mean(0) - pos.mean(0)
    return v / v.norm() if normalize else v
