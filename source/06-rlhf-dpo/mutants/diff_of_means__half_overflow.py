"""Sums in half precision: 65504 is soon passed."""


def diff_of_means(pos, neg, normalize=False):
    v = pos.sum(0) / len(pos) - neg.sum(0) / len(neg)
    return v / v.norm() if normalize else v
