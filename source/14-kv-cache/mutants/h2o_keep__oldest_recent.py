"""The first tokens are taken for the recent ones."""
import torch


def h2o_keep(scores, heavy, recent):
    n = len(scores)
    top = scores[recent:].topk(min(heavy, max(n - recent, 0))).indices + recent
    return list(range(min(recent, n))) + sorted(top.tolist())
