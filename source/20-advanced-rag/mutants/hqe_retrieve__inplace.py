"""The stored questions are multiplied by the query in place."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    question_vecs *= query_vec
    order = question_vecs.sum(1).argsort(descending=True).tolist()
    return list(dict.fromkeys(chunk_of[i] for i in order))[:k]
