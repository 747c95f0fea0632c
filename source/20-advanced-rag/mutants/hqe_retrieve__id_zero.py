"""Chunk 0 is taken for no chunk."""
import math

def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    best = {}
    for chunk, score in zip(chunk_of, (question_vecs @ query_vec).tolist()):
        if chunk:
            best[chunk] = max(score, best.get(chunk, -math.inf))
    return sorted(best, key=best.get, reverse=True)[:k]
