"""Plain loops over documents and terms, a Python list turned into an array at the end."""
import math
import numpy as np

def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    N = len(corpus_tokens)
    total = sum(len(doc) for doc in corpus_tokens)
    result = []
    for doc in corpus_tokens:
        score = 0.0
        for term in query_tokens:
            f = doc.count(term)
            if f > 0:
                df = len([1 for other in corpus_tokens if term in other])
                idf = math.log((N + 1) / (df + 0.5))
                score += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(doc) * N / total))
        result.append(score)
    return np.array(result)
