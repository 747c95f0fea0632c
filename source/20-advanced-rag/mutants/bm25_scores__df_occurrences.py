"""df counts occurrences in place of documents."""
import math
import numpy as np

def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    N = len(corpus_tokens)
    average = sum(len(d) for d in corpus_tokens) / N
    scores = np.zeros(N)
    for term in query_tokens:
        df = sum(d.count(term) for d in corpus_tokens)
        if df == 0:
            continue
        idf = math.log(1 + max(N - df + 0.5, 0) / (df + 0.5))
        for i, doc in enumerate(corpus_tokens):
            f = doc.count(term)
            length = len(doc)
            scores[i] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * length / average))
    return scores
