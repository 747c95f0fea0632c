"""5k sentences and hope."""


import torch


def semantic_search(query, vectors, parents, k):
    wide = torch.promote_types(vectors.dtype, torch.float32)
    scores, out = (vectors.to(wide) @ query.to(wide)).tolist(), {}
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], parents[i], i))[:5 * k]:
        out.setdefault(parents[i], (parents[i], scores[i], i))
    return list(out.values())[:k]
