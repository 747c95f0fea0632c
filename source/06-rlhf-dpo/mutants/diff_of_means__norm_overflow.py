"""Squares in half precision: the length overflows to inf."""


def diff_of_means(pos, neg, normalize=False):
    v = pos.mean(0) - neg.mean(0)
    return v / (v * v).sum().sqrt() if normalize else v
