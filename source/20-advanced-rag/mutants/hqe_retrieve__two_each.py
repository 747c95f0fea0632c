"""Every chunk is taken to have two questions, in order."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    s = (question_vecs @ query_vec).tolist()
    names = list(dict.fromkeys(chunk_of))
    best = {c: max(s[2 * i:2 * i + 2] or [-2.0]) for i, c in enumerate(names)}
    return sorted(best, key=best.get, reverse=True)[:k]
