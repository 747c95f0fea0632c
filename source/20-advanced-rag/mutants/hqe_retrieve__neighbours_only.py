"""Only duplicates that stand next to each other are dropped."""
from itertools import groupby

def hqe_retrieve(query_vec, question_vecs, chunk_of, k):
    order = (question_vecs @ query_vec).argsort(descending=True).tolist()
    return [c for c, _ in groupby(chunk_of[i] for i in order)][:k]
