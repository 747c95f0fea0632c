"""The k best sentences, repeated chunks thrown out."""


import torch


def semantic_search(query, vectors, parents, k):
    wide = torch.promote_types(vectors.dtype, torch.float32)
    scores, out = (vectors.to(wide) @ query.to(wide)).tolist(), {}
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], parents[i], i))[:k]:
        out.setdefault(parents[i], (parents[i], scores[i], i))
    return list(out.values())
