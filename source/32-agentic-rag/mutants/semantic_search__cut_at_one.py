"""Scores are clamped to 1."""

import torch


def semantic_search(query, vectors, parents, k):
    if vectors.dtype != torch.float64:
        query, vectors = query.float(), vectors.float()
    scores = (vectors @ query).clamp(-1, 1).tolist()
    best = {}
    for i, (c, s) in enumerate(zip(parents, scores)):
        if c not in best or s > best[c][0]:
            best[c] = (s, i)
    out = [(c, s, i) for c, (s, i) in best.items()]
    out.sort(key=lambda r: (-r[1], r[0]))
    return out[:k]
