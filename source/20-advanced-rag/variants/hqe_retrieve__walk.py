"""Walk down the ranking of all questions and take each chunk once."""
def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    chosen = []
    for i in (question_vecs @ query_vec).argsort(descending=True).tolist():
        if len(chosen) == k:
            break
        if chunk_of[i] not in chosen:
            chosen.append(chunk_of[i])
    return chosen
