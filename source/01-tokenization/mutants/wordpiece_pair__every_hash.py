"""All # at the beginning of the second symbol are dropped, a # of the word among them."""
from collections import Counter
from fractions import Fraction


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
    a, b = max(ok, key=lambda p: (Fraction(g[p], f[p[0]] * f[p[1]]), p))
    return (a, b), a + b.lstrip("#")
