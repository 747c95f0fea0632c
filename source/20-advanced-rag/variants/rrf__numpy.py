"""A matrix of reciprocal ranks, one row a list, summed over lists."""
import numpy as np

def rrf(rankings, k=60, topn=None):
    docs = sorted({doc for ranking in rankings for doc in ranking})
    column = {doc: j for j, doc in enumerate(docs)}
    table = np.zeros((len(rankings), len(docs)))
    for row, ranking in zip(table, rankings):
        for rank, doc in enumerate(dict.fromkeys(ranking), 1):
            row[column[doc]] = 1 / (k + rank)
    total = table.sum(0)
    order = np.argsort(-total, kind="stable")
    return [(docs[j], total[j]) for j in order][:topn]
