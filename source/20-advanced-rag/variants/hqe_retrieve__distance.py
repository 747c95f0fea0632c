"""Nearest by Euclidean distance, which for unit vectors is the same order."""
import numpy as np

def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    d = ((question_vecs.numpy().astype(float) - query_vec.numpy().astype(float)) ** 2).sum(1)
    nearest = {}
    for i in np.argsort(-d):
        nearest[chunk_of[i]] = d[i]
    return sorted(nearest, key=lambda c: nearest[c])[:k]
