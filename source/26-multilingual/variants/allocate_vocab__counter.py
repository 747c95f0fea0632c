"""Totals in a Counter, places filled one by one."""
from collections import Counter


def allocate_vocab(gains, weights, size, floor=0):
    chosen = set()
    for table in gains.values():
        own = sorted((-gain, token) for token, gain in table.items())
        chosen |= {token for _, token in own[:floor]}
    if len(chosen) > size:
        raise ValueError("floor")
    totals = Counter()
    for lang in gains:
        for token in gains[lang]:
            totals[token] += weights[lang] * gains[lang][token]
    for value, token in sorted((-v, t) for t, v in totals.items()):
        if len(chosen) < size and value < 0:
            chosen.add(token)
    return sorted(chosen)
