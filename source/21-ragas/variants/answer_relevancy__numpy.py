"""By numpy, vector by vector."""
import numpy as np


def answer_relevancy(q, G, noncommittal, policy="all"):
    if policy == "all":
        evades = bool(noncommittal.all())
    elif policy == "any":
        evades = bool(noncommittal.any())
    else:
        raise ValueError(policy)
    if G.shape[0] == 0:
        return float("nan")
    if evades:
        return 0.0
    a, total = q.double().numpy(), 0.0
    for row in G.double().numpy():
        size = np.linalg.norm(a) * np.linalg.norm(row)
        total += float(a @ row) / size if size > 0 else 0.0
    return total / G.shape[0]
