"""float32 scores."""
import math

import numpy as np


def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    N = len(corpus_tokens)
    lengths = [len(d) for d in corpus_tokens]
    mean = sum(lengths) / N
    out = np.zeros(N)
    for t in query_tokens:
        counts = [list(d).count(t) for d in corpus_tokens]
        n = sum(c > 0 for c in counts)
        idf = math.log(1 + (N - n + 0.5) / (n + 0.5))
        for i, f in enumerate(counts):
            if f:
                out[i] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * lengths[i] / mean))
    return out.astype(np.float32)
