"""heavy + recent best scored tokens, wherever they stand."""
import torch


def h2o_keep(scores, heavy, recent):
    return sorted(scores.topk(min(heavy + recent, len(scores))).indices.tolist())
