"""Averages over dimensions instead of examples."""


def diff_of_means(pos, neg, normalize=False):
    v = pos.mean(-1)[:1].expand(pos.shape[1]) - neg.mean(-1)[:1].expand(pos.shape[1])
    return v / v.norm() if normalize else v
