"""Free places go to tokens of total 0 or less."""


def allocate_vocab(gains, weights, size, floor=0):
    kept = {t for table in gains.values() for t in sorted(table, key=lambda t: (-table[t], t))[:floor]}
    if len(kept) > size:
        raise ValueError("the floor alone is larger than the vocabulary")
    totals = {}
    for lang, table in gains.items():
        for token, gain in table.items():
            totals[token] = totals.get(token, 0.0) + weights[lang] * gain
    rest = sorted((t for t in totals if t not in kept), key=lambda t: (-totals[t], t))
    return sorted(kept | set(rest[:size - len(kept)]))
