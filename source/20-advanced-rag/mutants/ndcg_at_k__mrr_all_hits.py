"""MRR is averaged over all relevant documents that were found."""
def mrr_at_k(ranking, qrels, k=10):
    found = [1 / rank for rank, doc in enumerate(ranking[:k], 1) if qrels.get(doc, 0) > 0]
    return sum(found) / len(found) if found else 0.0
