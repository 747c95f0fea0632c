"""float64: the cosines to the query are right, those among documents are float32."""
import torch


def mmr(query, docs, k, lam):
    half = docs.dtype in (torch.float16, torch.bfloat16)

    def unit(x):
        x = x.float() if half else x
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return x / torch.where(length > 0, length, 1)

    d, q = unit(docs), unit(query)
    relevance = d @ q
    nearest = torch.full_like(relevance, -torch.inf)
    free = torch.ones_like(relevance, dtype=torch.bool)
    chosen = []
    for step in range(min(k, len(docs))):
        score = relevance if step == 0 else lam * relevance - (1 - lam) * nearest
        best = int(torch.where(free, score, -torch.inf).argmax())
        chosen.append(best)
        free[best] = False
        nearest = torch.maximum(nearest, (d.float() @ d[best].float()).to(d.dtype))
    return chosen
