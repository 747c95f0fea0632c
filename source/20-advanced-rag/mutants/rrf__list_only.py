"""Rankings are added with a list: a tuple crashes."""
from collections import defaultdict


def rrf(rankings, k=60, topn=None):
    score = defaultdict(float)
    for ranking in rankings:
        for r, d in enumerate(dict.fromkeys([] + ranking), 1):
            score[d] += 1 / (k + r)
    out = sorted(score.items(), key=lambda p: (-p[1], p[0]))
    return out if topn is None else out[:topn]
