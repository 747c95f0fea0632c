"""timed: every query goes through all documents."""


def search_all(docs, queries, k):
    found = []
    for query in queries:
        scores = {id: sum(weights.get(term, 0.0) for term in query) for id, weights in docs.items() if any(term in weights for term in query)}
        found.append(sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:k])
    return found
