"""Recent tokens get infinity on a copy, then one topk."""
import torch


def h2o_keep(scores, heavy, recent):
    n = len(scores)
    ranked = scores.double().clone()
    ranked[max(n - recent, 0):] = float("inf")
    return torch.topk(ranked, min(n, heavy + recent)).indices.sort().values.tolist()
