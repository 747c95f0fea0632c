"""By a matrix of counts."""
import numpy as np


def cohen_kappa(a, b, weights=None):
    if weights not in (None, "linear", "quadratic"):
        raise ValueError(weights)
    if len(a) != len(b):
        raise ValueError("lengths")
    if not len(a):
        return float("nan")
    labels = list(dict.fromkeys([*a, *b]))
    place = {x: k for k, x in enumerate(labels)}
    seen = np.zeros((len(labels), len(labels)))
    for x, y in zip(a, b):
        seen[place[x], place[y]] += 1
    by_chance = np.outer(seen.sum(1), seen.sum(0)) / seen.sum()
    if weights is None:
        W = 1 - np.eye(len(labels))
    else:
        v = np.array(labels, dtype=float)
        W = np.abs(v[:, None] - v) ** (1 if weights == "linear" else 2)
    if len(labels) == 1:
        return float("nan")
    return float(1 - (W * seen).sum() / (W * by_chance).sum())
