"""A best score of exactly 0.0 is taken for none, and the next question replaces it."""
import math

def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    best = {}
    for chunk, score in zip(chunk_of, (question_vecs @ query_vec).tolist()):
        best[chunk] = max(score, best.get(chunk) or -math.inf)
    return sorted(best, key=best.get, reverse=True)[:k]
