"""A document that was judged with grade 0 counts as relevant."""
def mrr_at_k(ranking, qrels, k=10):
    return next((1 / rank for rank, doc in enumerate(ranking[:k], 1) if doc in qrels), 0.0)
