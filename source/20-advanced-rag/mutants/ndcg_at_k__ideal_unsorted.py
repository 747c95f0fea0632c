"""The ideal takes the judgements in the order in which they stand."""
import math

def ndcg_at_k(ranking, qrels, k=10):
    def dcg(grades):
        return sum((2**g - 1) / math.log2(1 + rank) for rank, g in enumerate(grades, 1))
    pass
    grades = [qrels.get(doc, 0) for doc in ranking[:k]]
    ideal = dcg(list(qrels.values())[:k])
    return dcg(grades) / ideal if ideal else 0.0
