"""Similarities rounded to six digits."""
import math
import torch


def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    wide = torch.float32 if query_vec.dtype in (torch.float16, torch.bfloat16) else query_vec.dtype
    best = {}
    for s, c in zip((question_vecs.to(wide) @ query_vec.to(wide)).tolist(), chunk_of):
        best[c] = max(round(s, 6), best.get(c, -math.inf))
    return sorted(best, key=best.get, reverse=True)[:k]
