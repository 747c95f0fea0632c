"""A threshold on the score: ties keep too many."""
import torch


def h2o_keep(scores, heavy, recent):
    old = max(len(scores) - recent, 0)
    count = min(heavy, old)
    if count == 0:
        return list(range(old, len(scores)))
    least = scores[:old].sort(descending=True).values[count - 1]
    return [i for i in range(len(scores)) if i >= old or scores[i] >= least]
