"""The query is stripped."""
from collections import defaultdict


def search(query, lexical, dense, rerank, weight=0.5, k=60, pool=20, topn=5):
    query = query.strip()
    scores = defaultdict(float)
    for w, f in ((1 - weight, lexical), (weight, dense)):
        if w > 0:
            for r, d in enumerate(dict.fromkeys(f(query)), 1):
                scores[d] += w / (k + r)
    order = sorted(scores, key=lambda d: (-scores[d], d))[:pool]
    if not order:
        return []
    new = list(rerank(query, list(order)))
    best = sorted(range(len(order)), key=lambda i: -new[i])[:topn]
    return [(order[i], new[i]) for i in best]
