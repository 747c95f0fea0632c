"""The count is divided by the sum of the halves' counts."""
from collections import Counter


def wordpiece_pair(words, splits, min_count=1):
    single, pairs = Counter(), Counter()
    for word, f in words.items():
        symbols = splits[word]
        for symbol in symbols:
            single[symbol] += f
        for pair in zip(symbols, symbols[1:]):
            pairs[pair] += f
    best = None
    for pair, n in pairs.items():
        if n >= min_count:
            key = n / (single[pair[0]] + single[pair[1]]), pair
            if best is None or key > best:
                best = key
    if best is None:
        return None
    a, b = best[1]
    return (a, b), a + (b[2:] if b.startswith("##") else b)
