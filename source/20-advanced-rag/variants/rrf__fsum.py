"""All contributions are collected and added with math.fsum; lists of lists come back."""
import heapq
import math
from collections import defaultdict

def rrf(rankings, k=60, topn=None):
    parts = defaultdict(list)
    for ranking in rankings:
        position = {}
        for doc in ranking:
            position.setdefault(doc, len(position) + 1)
        for doc, rank in position.items():
            parts[doc].append(1 / (k + rank))
    pairs = [(-math.fsum(p), doc) for doc, p in parts.items()]
    best = heapq.nsmallest(len(pairs) if topn is None else topn, pairs)
    return [[doc, -s] for s, doc in best]
