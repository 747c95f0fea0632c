"""Sums in float32."""
from collections import defaultdict
import numpy as np


def rrf(rankings, k=60, topn=None):
    scores = defaultdict(float)
    for ranking in rankings:
        for r, d in enumerate(dict.fromkeys(ranking), 1):
            scores[d] = float(np.float32(scores[d]) + np.float32(1 / (k + r)))
    return sorted(scores.items(), key=lambda p: (-p[1], p[0]))[:topn]
