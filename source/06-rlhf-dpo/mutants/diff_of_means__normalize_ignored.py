"""normalize is ignored."""


def diff_of_means(pos, neg, normalize=False):
    v = pos.mean(0) - neg.mean(0)
    return v
