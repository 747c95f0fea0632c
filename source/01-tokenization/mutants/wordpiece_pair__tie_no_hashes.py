"""Ties compare the pairs without ##."""

from collections import Counter
from fractions import Fraction


def wordpiece_pair(words, splits, min_count=1):
    single, pairs = Counter(), Counter()
    for w, f in words.items():
        row = splits[w]
        for s in row:
            single[s] += f
        for p in zip(row, row[1:]):
            pairs[p] += f
    pairs = {p: n for p, n in pairs.items() if n >= min_count}
    if not pairs:
        return None
    a, b = max(pairs, key=lambda p: (Fraction(pairs[p], single[p[0]] * single[p[1]]), p[0].removeprefix('##'), p[1].removeprefix('##')))
    return (a, b), a + b.removeprefix("##")
