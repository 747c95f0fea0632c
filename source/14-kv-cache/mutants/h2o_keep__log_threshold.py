"""Tokens with a tiny score are dropped."""


def h2o_keep(scores, heavy, recent):
    S = len(scores)
    old = max(S - recent, 0)
    top = scores[:old].topk(min(heavy, old)).indices.tolist()
    top = [i for i in top if scores[i].log() > -5]
    return sorted(top) + list(range(old, S))
