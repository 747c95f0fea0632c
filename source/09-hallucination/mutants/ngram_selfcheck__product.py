"""The mean from the product of probabilities, which vanishes in a long sentence."""
import math


def ngram_selfcheck(sentences, samples, k=1.0):
    if len(samples) == 0 or k < 0:
        raise ValueError("samples or k")
    counts = {}
    for text in list(sentences) + list(samples):
        for w in text:
            counts[w.lower()] = counts.get(w.lower(), 0) + 1
    total = sum(counts.values())
    out = []
    for s in sentences:
        x = [-math.log((counts[w.lower()] + k) / (total + k * (len(counts) + 1))) for w in s]
        out.append((-math.log(max(math.prod(math.exp(-v) for v in x), 5e-324)) / len(x), max(x)) if x else (math.nan, math.nan))
    return out
