"""At lambda 0 the first choice is simply document 0."""
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def mmr(query: Float[Tensor, "D"], docs: Float[Tensor, "N D"], k: int, lam: float) -> list[int]:
    query, docs = (x.to(torch.promote_types(x.dtype, torch.float32)) for x in (query, docs))
    docs = F.normalize(docs, dim=-1)
    relevance = docs @ F.normalize(query, dim=-1)
    score, likeness = lam * relevance, torch.full_like(relevance, -torch.inf)
    taken: list[int] = []
    for _ in range(min(k, len(docs))):
        i = int((score == score.max()).nonzero()[0])
        taken.append(i)
        likeness = torch.maximum(likeness, docs @ docs[i])
        score = lam * relevance - (1 - lam) * likeness
        score[taken] = -torch.inf
    return taken
