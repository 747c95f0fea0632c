"""Vectors that are float64 already are normalised where they lie."""
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
    for v in (q, *G):
        length = v.norm()
        v /= length if length > 0 else 1.0
    return (G @ q).mean().item()
