"""Only tokens with a positive score can be heavy hitters."""


def h2o_keep(scores, heavy, recent):
    S = len(scores)
    old = max(S - recent, 0)
    top = scores[:old].topk(min(heavy, old)).indices.tolist()
    top = [i for i in top if scores[i] > 0]
    return sorted(top) + list(range(old, S))
