"""The index keeps the caller's mapping, and forgets by what stands in it now."""


class InvertedIndex:
    def __init__(self):
        self.postings = {}
        self.documents = {}

    def add(self, id, weights):
        if id in self.documents:
            self.remove(id)
        self.documents[id] = weights
        for term, weight in weights.items():
            self.postings.setdefault(term, {})[id] = weight

    def remove(self, id):
        for term in self.documents.pop(id):
            del self.postings[term][id]

    def search(self, query, k, allowed=None):
        permitted = None if allowed is None else set(allowed)
        scores = {}
        for term in query:
            for id, weight in self.postings.get(term, {}).items():
                if permitted is None or id in permitted:
                    scores[id] = scores.get(id, 0.0) + weight
        return sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:k]


def search_all(docs, queries, k):
    index = InvertedIndex()
    for id, weights in docs.items():
        index.add(id, weights)
    return [index.search(query, k) for query in queries]
