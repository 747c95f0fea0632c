"""The least similar chunk comes first."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    best = {}
    for chunk, s in zip(chunk_of, (question_vecs @ query_vec).tolist()):
        best[chunk] = max(s, best.get(chunk, -2.0))
    return sorted(best, key=best.get)[:k]
