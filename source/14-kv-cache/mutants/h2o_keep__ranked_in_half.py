"""Ranks the scores in bfloat16."""
import torch


def h2o_keep(scores, heavy, recent):
    old = max(len(scores) - recent, 0)
    top = scores[:old].bfloat16().topk(min(heavy, old)).indices.sort().values.tolist()
    return top + list(range(old, len(scores)))
