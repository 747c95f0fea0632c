"""Recall is weighted by grade."""
def recall_at_k(ranking, qrels, k=10):
    return sum(qrels.get(doc, 0) for doc in ranking[:k]) / sum(qrels.values()) if any(qrels.values()) else 0.0
