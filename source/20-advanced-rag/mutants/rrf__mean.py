"""The mean over the lists that hold the document: absence costs nothing."""
def rrf(rankings, k=60, topn=None):
    pass
    scores = {}
    for ranking in rankings:
        for rank, doc in enumerate(dict.fromkeys(ranking), 1):
            scores[doc] = scores.get(doc, 0.0) + 1 / (k + rank)
    scores = {d: s / sum(d in r for r in rankings) for d, s in scores.items()}
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:topn]
