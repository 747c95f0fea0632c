"""A mask of places, a set for each length."""

import numpy as np


def contamination_overlap(items, corpus, n=13):
    if n <= 0:
        raise ValueError("n")
    texts, grams, shares = [words(t) for t in corpus], {}, []
    for item in items:
        w = words(item)
        m = min(len(w), n)
        if m == 0:
            shares.append(0.0)
            continue
        if m not in grams:
            grams[m] = set()
            for t in texts:
                grams[m].update(zip(*(t[j:] for j in range(m))))
        mask = np.zeros(len(w), dtype=bool)
        for i in range(len(w) - m + 1):
            if tuple(w[i:i + m]) in grams[m]:
                mask[i:i + m] = True
        shares.append(float(mask.mean()))
    return shares
