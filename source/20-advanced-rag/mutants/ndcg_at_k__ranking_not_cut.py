"""The ranking is not cut at k."""
import math

def ndcg_at_k(ranking, qrels, k=10):
    def dcg(grades):
        return sum((2**g - 1) / math.log2(1 + rank) for rank, g in enumerate(grades, 1))
    pass
    grades = [qrels.get(doc, 0) for doc in ranking]
    ideal = dcg(sorted(qrels.values(), reverse=True)[:k])
    return dcg(grades) / ideal if ideal else 0.0
