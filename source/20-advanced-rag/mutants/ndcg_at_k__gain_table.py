"""The gain is 2^grade - 1 up to grade 3, and 7 for all above."""
import math

def ndcg_at_k(ranking, qrels, k=10):
    def dcg(grades):
        return sum((2 ** min(grade, 3) - 1) / math.log2(1 + rank) for rank, grade in enumerate(grades, 1))

    ideal = dcg(sorted(qrels.values(), reverse=True)[:k])
    return dcg([qrels.get(doc, 0) for doc in ranking[:k]]) / ideal if ideal else 0.0
