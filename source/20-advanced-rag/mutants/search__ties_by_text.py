"""Equal fused scores are ordered by the text of the id."""
def search(query, lexical, dense, rerank, weight=0.5, k=60, pool=20, topn=5):
    fused = {}
    for share, find in ((1 - weight, lexical), (weight, dense)):
        if share == 0:
            continue
        for r, d in enumerate(dict.fromkeys(find(query)), 1):
            fused[d] = fused.get(d, 0.0) + share / (k + r)
    ids = sorted(fused, key=lambda d: (-fused[d], str(d)))[:pool]
    if not ids:
        return []
    scores = rerank(query, list(ids))
    order = sorted(range(len(ids)), key=lambda i: -scores[i])
    return [(ids[i], scores[i]) for i in order[:topn]]
