"""Recall is divided by the smaller of k and the number of relevant documents."""
def recall_at_k(ranking, qrels, k=10):
    relevant = {doc for doc, grade in qrels.items() if grade > 0}
    return len(relevant & set(ranking[:k])) / min(k, len(relevant)) if relevant else 0.0
