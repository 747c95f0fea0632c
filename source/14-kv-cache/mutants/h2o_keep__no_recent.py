"""The recent tokens are not kept."""
import torch


def h2o_keep(scores, heavy, recent):
    old = max(len(scores) - recent, 0)
    top = scores[:old].topk(min(heavy, old)).indices.tolist()
    return sorted(top)
