"""Ids in int32."""
import math
import torch


def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    wide = torch.float32 if query_vec.dtype in (torch.float16, torch.bfloat16) else query_vec.dtype
    best = {}
    for s, c in zip((question_vecs.to(wide) @ query_vec.to(wide)).tolist(), torch.tensor(chunk_of).to(torch.int32).tolist()):
        best[c] = max(s, best.get(c, -math.inf))
    return sorted(best, key=best.get, reverse=True)[:k]
