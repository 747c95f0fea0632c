"""Heavy hitters are chosen among all tokens, recent ones use up places."""
import torch


def h2o_keep(scores, heavy, recent):
    n = len(scores)
    top = scores.topk(min(heavy, n)).indices.tolist()
    return sorted(set(top) | set(range(max(n - recent, 0), n)))
