"""Occurrences are counted by a regex with word boundaries: LM matches in LM-2041."""
import math
import re
from collections import Counter
import numpy as np
def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    N = len(corpus_tokens)
    lens = [len(d) for d in corpus_tokens]
    mean = sum(lens) / N
    out = np.zeros(N)
    for t in query_tokens:
        n = sum(bool(re.search(rf'\b{re.escape(t)}\b', ' '.join(d))) for d in corpus_tokens)
        idf = math.log(1 + (N - n + 0.5) / (n + 0.5))
        for i, d in enumerate(corpus_tokens):
            f = len(re.findall(rf'\b{re.escape(t)}\b', ' '.join(d)))
            if f:
                out[i] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * lens[i] / mean))
    return out
