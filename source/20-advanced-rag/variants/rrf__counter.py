"""A Counter, two stable sorts."""
from collections import Counter

def rrf(rankings, k=60, topn=None):
    scores = Counter()
    for ranking in rankings:
        unique = []
        for doc in ranking:
            if doc not in unique:
                unique.append(doc)
        scores.update({doc: 1.0 / (k + i + 1) for i, doc in enumerate(unique)})
    by_id = sorted(scores.items())
    return sorted(by_id, key=lambda pair: pair[1], reverse=True)[:len(by_id) if topn is None else topn]
