"""Unit vectors first, then one product."""
import math

import torch


def _unit(x):
    size = x.norm(dim=-1, keepdim=True)
    return x / torch.where(size == 0, torch.ones_like(size), size)


def answer_relevancy(q, G, noncommittal, policy="all"):
    rules = {"all": torch.all, "any": torch.any}
    if policy not in rules:
        raise ValueError("policy")
    if not len(noncommittal):
        return math.nan
    mean = (_unit(G.to(torch.float64)) @ _unit(q.to(torch.float64))).mean()
    return float(mean) * int(not rules[policy](noncommittal))
