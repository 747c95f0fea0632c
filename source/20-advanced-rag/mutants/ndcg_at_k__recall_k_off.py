"""Recall looks one document too far."""
def recall_at_k(ranking, qrels, k=10):
    relevant = {doc for doc, grade in qrels.items() if grade > 0}
    return len(relevant & set(ranking[:k + 1])) / len(relevant) if relevant else 0.0
