"""A candidate with score -inf is thrown out, although keep has room for it."""
import math

def cascade(score_fns, keep, ids):
    survivors = []
    for score_fn, n in zip(score_fns, keep):
        scores = {i: s for i, s in zip(ids, score_fn(list(ids))) if s > -math.inf}
        ids = sorted(scores, key=scores.get, reverse=True)[:n]
        survivors.append(ids)
    return survivors


def stage_recall(survivors, relevant):
    relevant = set(relevant)
    return [len(relevant.intersection(stage)) / len(relevant) if relevant else 0.0 for stage in survivors]
