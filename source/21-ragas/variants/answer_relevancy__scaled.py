"""Each vector scaled by its largest entry first, so that no square leaves the range."""
import math


def answer_relevancy(q, G, noncommittal, policy="all"):
    if policy != "all" and policy != "any":
        raise ValueError("policy")
    if not len(G):
        return math.nan
    if (noncommittal.all() if policy == "all" else noncommittal.any()).item():
        return 0.0
    total, x = 0.0, q.double()
    for y in G.double():
        if x.any() and y.any():
            u, v = x / x.abs().max(), y / y.abs().max()
            total += float(u.dot(v) / (u.norm() * v.norm()))
    return total / len(G)
