"""Only the first topn of every list take part."""


def rrf(rankings, k=60, topn=None):
    score = {}
    for ranking in rankings:
        for r, d in enumerate(list(dict.fromkeys(ranking))[:topn], 1):
            score[d] = score.get(d, 0) + 1 / (k + r)
    return sorted(score.items(), key=lambda p: (-p[1], p[0]))[:topn]
