"""A shared token stands in the list of each language by itself."""
import math


def allocate_vocab(gains, weights, size, floor=0):
    kept = {t for table in gains.values() for t in sorted(table, key=lambda t: (-table[t], t))[:floor]}
    if len(kept) > size:
        raise ValueError("the floor alone is larger than the vocabulary")
    totals = {}
    for lang, table in gains.items():
        for token, gain in table.items():
            totals[token] = max(totals.get(token, -math.inf), weights[lang] * gain)
    rest = sorted((t for t in totals if t not in kept and totals[t] > 0), key=lambda t: (-totals[t], t))
    return sorted(kept | set(rest[:size - len(kept)]))
