"""The lists hold ids only; weights are looked up in the documents; stable sorts."""
import math
from collections import defaultdict


class InvertedIndex:
    def __init__(self):
        self.docs, self.having = {}, defaultdict(set)

    def add(self, id, weights):
        if id in self.docs:
            self.remove(id)
        self.docs[id] = dict(weights)
        for term in weights:
            self.having[term].add(id)

    def remove(self, id):
        for term in self.docs[id]:
            self.having[term].discard(id)
        del self.docs[id]

    def search(self, query, k, allowed=None):
        hits = set().union(*(self.having[t] for t in query if t in self.having))
        if allowed is not None:
            hits &= set(allowed)
        scored = [[i, math.fsum(self.docs[i][t] for t in query if t in self.docs[i])] for i in sorted(hits)]
        return sorted(scored, key=lambda hit: hit[1], reverse=True)[:k]


def search_all(docs, queries, k):
    index = InvertedIndex()
    for id, weights in docs.items():
        index.add(id, weights)
    return [index.search(query, k) for query in queries]
