"""Sums instead of means: the larger set wins."""


def diff_of_means(pos, neg, normalize=False):
    v = pos.sum(0) - neg.sum(0)
    return v / v.norm() if normalize else v
