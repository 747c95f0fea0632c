"""The floor takes each language's tokens with the largest total."""


def allocate_vocab(gains, weights, size, floor=0):
    total = {t: sum(weights[k] * g.get(t, 0) for k, g in gains.items()) for g in gains.values() for t in g}
    kept = {t for table in gains.values() for t in sorted(table, key=lambda t: (-total[t], t))[:floor]}
    if len(kept) > size:
        raise ValueError("the floor alone is larger than the vocabulary")
    totals = {}
    for lang, table in gains.items():
        for token, gain in table.items():
            totals[token] = totals.get(token, 0.0) + weights[lang] * gain
    rest = sorted((t for t in totals if t not in kept and totals[t] > 0), key=lambda t: (-totals[t], t))
    return sorted(kept | set(rest[:size - len(kept)]))
