"""Centres the caller's positives in place."""


def diff_of_means(pos, neg, normalize=False):
    pos -= neg.mean(0)
    v = pos.mean(0)
    return v / v.norm() if normalize else v
