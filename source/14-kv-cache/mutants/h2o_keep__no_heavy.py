"""A plain window: heavy hitters are ignored."""
import torch


def h2o_keep(scores, heavy, recent):
    old = max(len(scores) - recent, 0)
    top = scores[:old].topk(min(heavy, old)).indices.tolist()
    return list(range(old, len(scores)))
