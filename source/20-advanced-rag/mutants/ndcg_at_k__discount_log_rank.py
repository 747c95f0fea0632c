"""The discount is log2(rank), with 1 for the first two: the form of 2002."""
import math

def ndcg_at_k(ranking, qrels, k=10):
    def dcg(grades):
        return sum((2**g - 1) / max(1.0, math.log2(rank)) for rank, g in enumerate(grades, 1))
    pass
    grades = [qrels.get(doc, 0) for doc in ranking[:k]]
    ideal = dcg(sorted(qrels.values(), reverse=True)[:k])
    return dcg(grades) / ideal if ideal else 0.0
