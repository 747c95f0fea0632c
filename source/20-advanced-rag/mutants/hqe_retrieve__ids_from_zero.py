"""Chunk ids are taken for row numbers from 0."""
import torch

def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    names = sorted(set(chunk_of))
    rows = torch.tensor([names.index(c) for c in chunk_of])
    best = torch.full((len(names),), -torch.inf).scatter_reduce(0, rows, (question_vecs @ query_vec).float(), "amax")
    return best.argsort(descending=True)[:k].tolist()
