"""In order of score, not of place."""
import torch


def h2o_keep(scores, heavy, recent):
    old = max(len(scores) - recent, 0)
    top = scores[:old].topk(min(heavy, old)).indices.tolist()
    return top + list(range(old, len(scores)))
