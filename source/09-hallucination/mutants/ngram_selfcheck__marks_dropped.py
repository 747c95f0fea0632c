"""Punctuation marks that stand alone are no words."""
import math


def ngram_selfcheck(sentences, samples, k=1.0):
    if not samples or k < 0:
        raise ValueError("at least one sample, and k of at least 0")
    sentences = [[w for w in text if any(c.isalnum() for c in w)] for text in sentences]
    samples = [[w for w in text if any(c.isalnum() for c in w)] for text in samples]
    count: dict[str, int] = {}
    for text in [*sentences, *samples]:
        for word in text:
            count[word.lower()] = count.get(word.lower(), 0) + 1
    size = sum(count.values()) + k * (len(count) + 1)
    pairs = []
    for sentence in sentences:
        surprise = [-math.log((count[word.lower()] + k) / size) for word in sentence]
        pairs.append((sum(surprise) / len(surprise), max(surprise)) if surprise else (math.nan, math.nan))
    return pairs
