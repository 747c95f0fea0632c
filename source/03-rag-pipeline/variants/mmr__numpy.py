"""Numpy in float64, a running maximum from −1, a mask for those taken."""
import numpy as np


def mmr(query, docs, k, lam):
    q, d = query.double().numpy(), docs.double().numpy()
    length = np.sqrt((d * d).sum(1))
    d = d / np.where(length > 0, length, 1.0)[:, None]
    q = q / (np.sqrt((q * q).sum()) or 1.0)
    relevance, best, free, taken = d @ q, np.full(len(d), -2.0), np.ones(len(d), dtype=bool), []
    while len(taken) < min(k, len(d)):
        score = lam * relevance - (1 - lam) * best if taken else relevance
        i = int(np.where(free, score, -np.inf).argmax())
        free[i] = False
        taken.append(i)
        best = np.maximum(best, d @ d[i])
    return taken
