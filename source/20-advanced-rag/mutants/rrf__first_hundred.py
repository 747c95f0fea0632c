"""Only the first 100 places of a list count."""
from collections import defaultdict

def rrf(rankings, k=60, topn=None):
    scores = defaultdict(float)
    for ranking in rankings:
        for rank, doc in enumerate(list(dict.fromkeys(ranking))[:100], start=1):
            scores[doc] += 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:topn]
