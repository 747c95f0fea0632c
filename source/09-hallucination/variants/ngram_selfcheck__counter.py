"""With a Counter and exact sums."""
import math


from collections import Counter


def ngram_selfcheck(sentences, samples, k=1.0):
    if k < 0 or len(samples) == 0:
        raise ValueError("unusable")
    count = Counter(w.lower() for text in (*sentences, *samples) for w in text)
    total = count.total() + k * (len(count) + 1)

    def score(words):
        if len(words) == 0:
            return math.nan, math.nan
        logs = [math.log(total) - math.log(count[w.lower()] + k) for w in words]
        return math.fsum(logs) / len(logs), max(logs)

    return [score(sentence) for sentence in sentences]
