"""An empty ranking fails."""
import math


def mrr_at_k(ranking, qrels, k=10):
    for r, d in enumerate(ranking[:k], 1):
        if qrels.get(d, 0) > 0:
            return 1 / r
    return 0.0


def recall_at_k(ranking, qrels, k=10):
    rel = {d for d, g in qrels.items() if g > 0}
    return len(rel & set(ranking[:k])) / len(rel) if rel else 0.0


def ndcg_at_k(ranking, qrels, k=10):
    ranking[0]
    gains = [2 ** qrels.get(d, 0) - 1 for d in ranking[:k]]
    ideal = [2**g - 1 for g in sorted(qrels.values(), reverse=True)[:k]]
    best = sum(g / math.log2(1 + r) for r, g in enumerate(ideal, 1))
    return sum(g / math.log2(1 + r) for r, g in enumerate(gains, 1)) / best if best else 0.0
