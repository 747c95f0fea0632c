"""The count is not saturated: ten mentions weigh ten times as much as one."""
import math
import numpy as np

def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    N = len(corpus_tokens)
    average = sum(len(d) for d in corpus_tokens) / N
    scores = np.zeros(N)
    for term in query_tokens:
        df = sum(term in d for d in corpus_tokens)
        if df == 0:
            continue
        idf = math.log(1 + (N - df + 0.5) / (df + 0.5))
        for i, doc in enumerate(corpus_tokens):
            f = doc.count(term)
            length = len(doc)
            scores[i] += idf * f
    return scores
