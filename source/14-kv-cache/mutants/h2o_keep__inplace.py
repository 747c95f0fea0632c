"""Marks the recent tokens with infinity in the caller's scores."""
import torch


def h2o_keep(scores, heavy, recent):
    n = len(scores)
    scores[max(n - recent, 0):] = float("inf")
    return sorted(scores.topk(min(heavy + recent, n)).indices.tolist())
