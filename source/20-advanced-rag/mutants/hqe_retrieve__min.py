"""The worst question of a chunk decides."""
from collections import defaultdict

def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    scores = defaultdict(list)
    for chunk, s in zip(chunk_of, (question_vecs @ query_vec).tolist()):
        scores[chunk].append(s)
    pooled = {c: min(s) for c, s in scores.items()}
    return sorted(pooled, key=pooled.get, reverse=True)[:k]
