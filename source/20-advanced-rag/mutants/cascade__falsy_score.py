"""A score of 0.0 is taken for none and comes last."""
import math

def cascade(score_fns, keep, ids):
    survivors = []
    for score_fn, n in zip(score_fns, keep):
        scores = {i: float(s) or -math.inf for i, s in zip(ids, score_fn(list(ids)))}
        ids = sorted(ids, key=scores.get, reverse=True)[:n]
        survivors.append(ids)
    return survivors


def stage_recall(survivors, relevant):
    relevant = set(relevant)
    return [len(relevant.intersection(stage)) / len(relevant) if relevant else 0.0 for stage in survivors]
