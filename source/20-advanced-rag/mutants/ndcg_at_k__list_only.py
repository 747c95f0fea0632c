"""Pads the ranking with a list: a tuple crashes."""
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
    def dcg(gs):
        return sum((2**g - 1) / math.log2(1 + r) for r, g in enumerate(gs, 1))
    best = dcg(sorted(qrels.values(), reverse=True)[:k])
    return dcg([qrels.get(d, 0) for d in (ranking + [None] * k)[:k]]) / best if best else 0.0
