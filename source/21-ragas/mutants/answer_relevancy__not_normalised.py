"""Products instead of cosines."""
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
    lengths = G.norm(dim=1) * q.norm()
    cosines = torch.where(lengths == 0, 0.0, G @ q)
    return cosines.mean().item()
