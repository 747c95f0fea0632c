"""Five times k questions are fetched and made unique: one chunk may own them all."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    order = (question_vecs @ query_vec).argsort(descending=True)[: 5 * k].tolist()
    return list(dict.fromkeys(chunk_of[i] for i in order))[:k]
