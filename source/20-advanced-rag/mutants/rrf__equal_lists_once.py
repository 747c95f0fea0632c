"""Equal lists count once."""


def rrf(rankings, k=60, topn=None):
    score = {}
    for ranking in [list(r) for r in dict.fromkeys(map(tuple, rankings))]:
        for r, d in enumerate(dict.fromkeys(ranking), 1):
            score[d] = score.get(d, 0) + 1 / (k + r)
    return sorted(score.items(), key=lambda p: (-p[1], p[0]))[:topn]
