"""Ranks behind 100 are never looked at."""
import math

def ndcg_at_k(ranking, qrels, k=10):
    def dcg(grades):
        return sum((2**grade - 1) / math.log2(1 + rank) for rank, grade in enumerate(grades, 1))

    ideal = dcg(sorted(qrels.values(), reverse=True)[:k])
    return dcg([qrels.get(doc, 0) for doc in ranking[: min(k, 100)]]) / ideal if ideal else 0.0
