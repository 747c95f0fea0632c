"""Three times k questions are looked at, which is not always enough."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    order = (question_vecs @ query_vec).argsort(descending=True)[:3 * k].tolist()
    return list(dict.fromkeys(chunk_of[i] for i in order))[:k]
