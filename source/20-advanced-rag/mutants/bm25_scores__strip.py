"""Tokens stripped of punctuation."""
import math
from collections import Counter
import numpy as np


def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    N = len(corpus_tokens)
    lengths = [len(d) for d in corpus_tokens]
    counts = [Counter(x.strip(".,-_") for x in d) for d in corpus_tokens]
    scores = np.zeros(N)
    mean = sum(lengths) / N
    for t in [x.strip(".,-_") for x in query_tokens]:
        n = sum(t in c for c in counts)
        idf = math.log(1 + (N - n + 0.5) / (n + 0.5))
        for i, c in enumerate(counts):
            f = c[t]
            if f:
                scores[i] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * lengths[i] / mean))
    return scores
