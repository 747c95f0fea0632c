"""Exact fractions."""
from collections import Counter
from fractions import Fraction


def wordpiece_pair(words, splits, min_count=1):
    single = Counter(s for w, f in words.items() for s in splits[w] for _ in range(f))
    pairs = Counter(p for w, f in words.items() for p in zip(splits[w], splits[w][1:]) for _ in range(f))
    kept = [p for p, n in pairs.items() if n >= min_count]
    if not kept:
        return None
    top = max(Fraction(pairs[p], single[p[0]] * single[p[1]]) for p in kept)
    pair = max(p for p in kept if Fraction(pairs[p], single[p[0]] * single[p[1]]) == top)
    return pair, pair[0] + pair[1][2:]
