"""A length of at least 1e-8, as libraries have it."""
import math

import torch


def answer_relevancy(q, G, noncommittal, policy="all"):
    if policy not in ("all", "any"):
        raise ValueError(f"policy is 'all' or 'any', not {policy!r}")
    if len(G) == 0:
        return math.nan
    evades = noncommittal.all() if policy == "all" else noncommittal.any()
    if evades:
        return 0.0
    q, G = q.detach().double(), G.detach().double()
    cosines = torch.nn.functional.cosine_similarity(q[None], G, dim=1)
    return cosines.mean().item()
