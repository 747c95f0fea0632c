"""The mean over a chunk's sentences."""


import torch


def semantic_search(query, vectors, parents, k):
    wide = torch.promote_types(vectors.dtype, torch.float32)
    scores, rows = (vectors.to(wide) @ query.to(wide)).tolist(), {}
    for i, parent in enumerate(parents):
        rows.setdefault(parent, []).append(i)
    mean = {p: sum(scores[i] for i in r) / len(r) for p, r in rows.items()}
    ranked = sorted(mean, key=lambda p: (-mean[p], p))[:k]
    return [(p, mean[p], max(rows[p], key=lambda i: scores[i])) for p in ranked]
