"""Lists of pairs; removed documents are filtered out of every list."""
from collections import Counter


class InvertedIndex:
    def __init__(self):
        self.lists, self.known = {}, set()

    def add(self, id, weights):
        if id in self.known:
            self.remove(id)
        self.known.add(id)
        for term, weight in weights.items():
            self.lists.setdefault(term, []).append((id, weight))

    def remove(self, id):
        if id not in self.known:
            raise KeyError(id)
        self.known.remove(id)
        self.lists = {term: [(i, w) for i, w in pairs if i != id] for term, pairs in self.lists.items()}

    def search(self, query, k, allowed=None):
        may, scores = (None if allowed is None else frozenset(allowed)), {}
        for term, times in Counter(query).items():
            for i, w in self.lists.get(term, []):
                if may is None or i in may:
                    scores[i] = scores.get(i, 0.0) + times * w
        return sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:k]


def search_all(docs, queries, k):
    index = InvertedIndex()
    for id in docs:
        index.add(id, docs[id])
    return [index.search(query, k) for query in queries]
