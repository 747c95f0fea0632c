"""A policy that does not exist is taken for 'any'."""
import math

import torch


def answer_relevancy(q, G, noncommittal, policy="all"):
    if len(G) == 0:
        return math.nan
    evades = noncommittal.all() if policy == "all" else noncommittal.any()
    if evades:
        return 0.0
    q, G = q.detach().double(), G.detach().double()
    lengths = G.norm(dim=1) * q.norm()
    cosines = torch.where(lengths == 0, 0.0, G @ q / lengths.where(lengths > 0, 1.0))
    return cosines.mean().item()
