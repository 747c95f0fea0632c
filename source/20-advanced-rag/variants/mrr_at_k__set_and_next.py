"""A set of relevant ids and next()."""


def mrr_at_k(ranking, qrels, k=10):
    good = {d for d in qrels if qrels[d] >= 1}
    return next((1.0 / (i + 1) for i, d in enumerate(list(ranking)[:k]) if d in good), 0.0)
