"""With grades up to 3, grade 1 is not relevant."""


def mrr_at_k(ranking, qrels, k=10):
    for r, d in enumerate(ranking[:k], 1):
        if qrels.get(d, 0) > (1 if max(qrels.values(), default=0) > 2 else 0):
            return 1 / r
    return 0.0
