"""Lengths are divided out of the dot products."""
import torch


def mmr(query, docs, k, lam):
    wide = torch.promote_types(docs.dtype, torch.float32)
    query, docs = query.to(wide), docs.to(wide)
    length = docs.norm(dim=1)
    length = torch.where(length > 0, length, 1.0)
    size = query.norm() if query.norm() > 0 else 1.0
    relevance = docs @ query / length / size
    left, taken = list(range(len(docs))), []
    worst = None
    for _ in range(min(k, len(docs))):
        score = (relevance if worst is None else lam * relevance - (1 - lam) * worst).tolist()
        i = max(left, key=lambda j: (score[j], -j))
        left.remove(i)
        taken.append(i)
        near = docs @ docs[i] / length / length[i]
        worst = near if worst is None else torch.where(near > worst, near, worst)
    return taken
