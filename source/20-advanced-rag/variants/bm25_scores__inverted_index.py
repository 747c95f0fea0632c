"""An inverted index: only documents that have the term are touched."""
from collections import Counter, defaultdict
import numpy as np

def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    postings = defaultdict(list)
    for i, doc in enumerate(corpus_tokens):
        for term, count in Counter(doc).items():
            postings[term].append((i, count))
    N = len(corpus_tokens)
    length = np.array([len(doc) for doc in corpus_tokens], dtype=np.float64)
    norm = k1 * (1 - b + b * length / length.mean())
    scores = np.zeros(N)
    for term, times in Counter(query_tokens).items():
        if term in postings:
            rows, f = (np.array(x) for x in zip(*postings[term]))
            idf = np.log1p((N - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += times * idf * f * (k1 + 1) / (f + norm[rows])
    return scores
