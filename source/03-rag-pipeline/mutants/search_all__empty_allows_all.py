"""An empty list of allowed ids allows everything."""
import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence


class InvertedIndex:

    def __init__(self):
        self.postings = defaultdict(dict)  # term -> {id: weight}
        self.terms = {}                    # id -> its terms

    def add(self, id: str | int, weights: Mapping[str, float]) -> None:
        if id in self.terms:
            self.remove(id)
        self.terms[id] = list(weights)
        for term, weight in weights.items():
            self.postings[term][id] = weight

    def remove(self, id: str | int) -> None:
        for term in self.terms.pop(id):
            del self.postings[term][id]

    def search(self, query: Sequence[str], k: int, allowed: Collection | None = None) -> list[tuple]:
        scores = defaultdict(float)
        for term in query:
            for id, weight in self.postings.get(term, {}).items():
                scores[id] += weight
        if allowed:
            allowed = set(allowed)
            scores = {id: score for id, score in scores.items() if id in allowed}
        return heapq.nsmallest(k, scores.items(), key=lambda hit: (-hit[1], hit[0]))
