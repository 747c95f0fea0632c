"""A half counts only at its own place in a pair."""
from collections import Counter


def wordpiece_pair(words, splits, min_count=1):
    single, pairs = Counter(), Counter()
    for word, f in words.items():
        symbols = splits[word]
        for pair in zip(symbols, symbols[1:]):
            single[pair[0], 0] += f
            single[pair[1], 1] += f
        for pair in zip(symbols, symbols[1:]):
            pairs[pair] += f
    best = None
    for pair, n in pairs.items():
        if n >= min_count:
            key = n / (single[pair[0], 0] * single[pair[1], 1]), pair
            if best is None or key > best:
                best = key
    if best is None:
        return None
    a, b = best[1]
    return (a, b), a + (b[2:] if b.startswith("##") else b)
