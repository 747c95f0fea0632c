"""Recall counts judged documents with grade 0 among the relevant ones."""
def recall_at_k(ranking, qrels, k=10):
    return len(set(qrels) & set(ranking[:k])) / len(qrels) if any(qrels.values()) else 0.0
