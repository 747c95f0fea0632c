"""Copies the ranking with a method that only lists have."""


def recall_at_k(ranking, qrels, k=10):
    relevant = {d for d, g in qrels.items() if g > 0}
    found = ranking.copy()[:k]
    return sum(d in relevant for d in found) / len(relevant) if relevant else 0.0
