"""Without relevant documents there is a division by zero."""
def recall_at_k(ranking, qrels, k=10):
    relevant = {doc for doc, grade in qrels.items() if grade > 0}
    return len(relevant & set(ranking[:k])) / len(relevant)
