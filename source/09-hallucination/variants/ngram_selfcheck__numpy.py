"""In numpy."""
import numpy as np


def ngram_selfcheck(sentences, samples, k=1.0):
    if not len(samples) or k < 0:
        raise ValueError("unusable")
    said = np.array([w.lower() for text in list(sentences) + list(samples) for w in text], dtype=object)
    words, counts = np.unique(said.astype(str), return_counts=True) if len(said) else (np.array([]), np.array([]))
    place = {w: i for i, w in enumerate(words.tolist())}
    scores = []
    for sentence in sentences:
        if len(sentence):
            p = (counts[[place[w.lower()] for w in sentence]] + k) / (len(said) + k * (len(words) + 1))
            scores.append((float(-np.log(p).mean()), float(-np.log(p).min())))
        else:
            scores.append((float("nan"), float("nan")))
    return scores
