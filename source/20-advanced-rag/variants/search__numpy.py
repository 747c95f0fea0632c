"""A stable argsort of numpy, scores as numpy floats."""
import numpy as np

def search(query, lexical, dense, rerank, weight=0.5, k=60, pool=20, topn=5):
    lists = [list(dict.fromkeys(f(query))) for f, w in ((lexical, 1 - weight), (dense, weight)) if w > 0]
    shares = [w for w in (1 - weight, weight) if w > 0]
    ids = sorted(set().union(*lists))
    if not ids:
        return []
    fused = np.zeros(len(ids))
    row = {doc: i for i, doc in enumerate(ids)}
    for found, share in zip(lists, shares):
        for rank, doc in enumerate(found, 1):
            fused[row[doc]] += share / (k + rank)
    order = [ids[i] for i in np.argsort(-fused, kind="stable")[:pool]]
    scores = np.asarray(rerank(query, order), dtype=np.float64)
    return [(order[i], scores[i]) for i in np.argsort(-scores, kind="stable")[:topn]]
