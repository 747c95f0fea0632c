"""A hundred times k questions are fetched, at least 100, and made unique."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    order = (question_vecs @ query_vec).argsort(descending=True)[: 100 * k].tolist()
    return list(dict.fromkeys(chunk_of[i] for i in order))[:k]
