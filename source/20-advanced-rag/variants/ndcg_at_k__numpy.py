"""Arrays and a dot product with the discounts."""
import numpy as np

def mrr_at_k(ranking, qrels, k=10):
    hit = np.flatnonzero([qrels.get(doc, 0) > 0 for doc in ranking[:k]])
    return float(1 / (1 + hit[0])) if hit.size else 0.0

def recall_at_k(ranking, qrels, k=10):
    relevant = sum(g > 0 for g in qrels.values())
    return sum(qrels.get(doc, 0) > 0 for doc in ranking[:k]) / relevant if relevant else 0.0

def ndcg_at_k(ranking, qrels, k=10):
    discount = 1 / np.log2(np.arange(2, k + 2))
    got = np.array([qrels.get(doc, 0) for doc in ranking[:k]], dtype=float)
    best = -np.sort(-np.array(list(qrels.values()) or [0], dtype=float))[:k]
    ideal = (2 ** best - 1) @ discount[:len(best)]
    return (2 ** got - 1) @ discount[:len(got)] / ideal if ideal else 0.0
