"""Ranks beyond 1,000 have no vote."""
from collections import defaultdict


def rrf(rankings, k=60, topn=None):
    s = defaultdict(float)
    for r in rankings:
        for i, d in enumerate(dict.fromkeys(r), 1):
            s[d] += 1 / (k + i) if i <= 1000 else 0.0
    return sorted(s.items(), key=lambda p: (-p[1], p[0]))[:topn]
