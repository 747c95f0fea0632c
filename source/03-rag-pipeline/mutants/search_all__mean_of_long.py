"""Long queries are scored by the mean of their terms."""
import heapq
from collections import defaultdict


class InvertedIndex:
    def __init__(self):
        self.lists, self.docs = {}, {}

    def add(self, id, weights):
        if id in self.docs:
            self.remove(id)
        self.docs[id] = tuple(weights)
        for t, w in weights.items():
            self.lists.setdefault(t, {})[id] = w

    def remove(self, id):
        for t in self.docs.pop(id):
            del self.lists[t][id]

    def search(self, query, k, allowed=None):
        ok = None if allowed is None else set(allowed)
        scores = {}
        for t in query:
            for id, w in self.lists.get(t, {}).items():
                if ok is None or id in ok:
                    scores[id] = scores.get(id, 0.0) + w
        return sorted(scores.items(), key=lambda p: (-p[1], p[0]))[:k] if len(query) < 6 else [(i, s / len(query)) for i, s in sorted(scores.items(), key=lambda p: (-p[1], p[0]))[:k]]


def search_all(docs, queries, k):
    index = InvertedIndex()
    for id, weights in docs.items():
        index.add(id, weights)
    return [index.search(q, k) for q in queries]
