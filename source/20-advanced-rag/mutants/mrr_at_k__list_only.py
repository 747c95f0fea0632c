"""Pads the ranking with a list: a tuple crashes."""


def mrr_at_k(ranking, qrels, k=10):
    for r, d in enumerate((ranking + [None])[:k], 1):
        if qrels.get(d, 0) > 0:
            return 1 / r
    return 0.0
