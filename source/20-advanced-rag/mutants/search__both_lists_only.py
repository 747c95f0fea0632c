"""Only ids of both lists are candidates, where there are any."""

def search(query, lexical, dense, rerank, weight=0.5, k=60, pool=20, topn=5):
    fused = {}
    for ids, share in ((lexical(query), 1 - weight), (dense(query), weight)):
        if share > 0:
            for rank, doc in enumerate(dict.fromkeys(ids), 1):
                fused[doc] = fused.get(doc, 0.0) + share / (k + rank)
    both = set(lexical(query)) & set(dense(query))
    fused = {doc: s for doc, s in fused.items() if doc in both or not both}
    order = sorted(fused, key=lambda doc: (-fused[doc], doc))[:pool]
    if not order:
        return []
    scores = dict(zip(order, rerank(query, list(order))))
    best = sorted(order, key=lambda doc: -scores[doc])[:topn]
    return [(doc, float(scores[doc])) for doc in best]
