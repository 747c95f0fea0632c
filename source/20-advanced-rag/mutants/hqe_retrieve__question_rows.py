"""Row numbers of questions come back in place of chunk ids."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    return (question_vecs @ query_vec).argsort(descending=True)[:k].tolist()
