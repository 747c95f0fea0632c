"""Id 0 is taken for no id."""
from collections import defaultdict

def rrf(rankings, k=60, topn=None):
    scores = defaultdict(float)
    for ranking in rankings:
        for rank, doc in enumerate(dict.fromkeys(ranking), start=1):
            if doc or doc == "":
                scores[doc] += 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:topn]
