"""Ties of the totals ignore case."""
def allocate_vocab(gains, weights, size, floor=0):
    chosen = set()
    for lang, table in gains.items():
        best = sorted(table, key=lambda t: (-table[t], t))
        chosen |= set(best[:floor])
    if len(chosen) > size:
        raise ValueError("floor")
    total = {}
    for lang, table in gains.items():
        for token, gain in table.items():
            total[token] = total.get(token, 0) + weights[lang] * gain
    for token in sorted(total, key=lambda t: (-total[t], t.casefold())):
        if len(chosen) >= size or total[token] <= 0:
            break
        chosen.add(token)
    return sorted(chosen)
