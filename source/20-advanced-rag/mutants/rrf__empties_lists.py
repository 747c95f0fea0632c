"""The lists of the caller are emptied while reading."""
def rrf(rankings, k=60, topn=None):
    scores = {}
    for ranking in rankings:
        rank, seen = 0, set()
        while ranking:
            doc = ranking.pop(0)
            if doc not in seen:
                rank += 1
                seen.add(doc)
                scores[doc] = scores.get(doc, 0.0) + 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:topn]
