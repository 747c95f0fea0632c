"""A query term that no document has raises KeyError."""
import math
from collections import Counter
import numpy as np

def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    N = len(corpus_tokens)
    df = dict(Counter(term for doc in corpus_tokens for term in set(doc)))
    average = sum(map(len, corpus_tokens)) / N
    return np.array([sum(math.log(1 + (N - df[t] + 0.5) / (df[t] + 0.5)) * doc.count(t) * (k1 + 1)
                         / (doc.count(t) + k1 * (1 - b + b * len(doc) / average)) for t in query_tokens)
                     for doc in corpus_tokens])
