"""Keeps the lowest scores."""
import torch


def h2o_keep(scores, heavy, recent):
    old = max(len(scores) - recent, 0)
    top = scores[:old].topk(min(heavy, old), largest=False).indices.tolist()
    return sorted(top) + list(range(old, len(scores)))
