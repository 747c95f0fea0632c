"""Ranks begin at 0, so that the second place has 1/1."""
def mrr_at_k(ranking, qrels, k=10):
    return next((1 / max(rank, 1) for rank, doc in enumerate(ranking[:k]) if qrels.get(doc, 0) > 0), 0.0)
