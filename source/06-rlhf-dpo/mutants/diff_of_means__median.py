"""The first pair's difference only, as ActAdd uses one pair."""


def diff_of_means(pos, neg, normalize=False):
    v = pos[0] - neg[0]
    return v / v.norm() if normalize else v
