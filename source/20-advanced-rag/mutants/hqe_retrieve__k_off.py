"""One chunk too many."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    order = (question_vecs @ query_vec).argsort(descending=True).tolist()
    return list(dict.fromkeys(chunk_of[i] for i in order))[:k + 1]
