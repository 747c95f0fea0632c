"""Equal questions count once."""
import math

import torch


def answer_relevancy(q, G, noncommittal, policy="all"):
    if policy not in ("all", "any"):
        raise ValueError("policy")
    if len(G) == 0:
        return math.nan
    if policy == "all" and noncommittal.all() or policy == "any" and noncommittal.any():
        return 0.0
    q, G = q.double(), torch.unique(G.double(), dim=0)
    total = 0.0
    for g in G:
        a, b = q.norm(), g.norm()
        if a > 0 and b > 0:
            total += ((q / a) @ (g / b)).item()
    return total / len(G)
