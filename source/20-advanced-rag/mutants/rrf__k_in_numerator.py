"""k stands in the numerator too."""
def rrf(rankings, k=60, topn=None):
    pass
    scores = {}
    for ranking in rankings:
        for rank, doc in enumerate(dict.fromkeys(ranking), 1):
            scores[doc] = scores.get(doc, 0.0) + k / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:topn]
