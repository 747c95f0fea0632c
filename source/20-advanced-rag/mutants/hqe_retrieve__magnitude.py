"""The magnitude of the similarity: opposite counts as near."""
from collections import defaultdict

def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    scores = defaultdict(list)
    for chunk, s in zip(chunk_of, (question_vecs @ query_vec).tolist()):
        scores[chunk].append(s)
    pooled = {c: max(map(abs, s)) for c, s in scores.items()}
    return sorted(pooled, key=pooled.get, reverse=True)[:k]
