"""The k best questions, then duplicates dropped: fewer than k chunks come back."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    order = (question_vecs @ query_vec).argsort(descending=True)[:k].tolist()
    return list(dict.fromkeys(chunk_of[i] for i in order))
