"""MRR waits for a document with the highest grade."""
def mrr_at_k(ranking, qrels, k=10):
    best = max(qrels.values(), default=0)
    return next((1 / rank for rank, doc in enumerate(ranking[:k], 1) if best and qrels.get(doc, 0) == best), 0.0)
