"""Maximum by scatter_reduce over compact rows."""
import torch

def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    names, rows = torch.tensor(chunk_of).unique(return_inverse=True)
    best = torch.full((len(names),), -torch.inf, dtype=question_vecs.dtype)
    best = best.scatter_reduce(0, rows, question_vecs @ query_vec, reduce="amax")
    return names[best.topk(min(k, len(names))).indices].tolist()
