"""The answer is sorted without regard to case."""
from collections import defaultdict


def allocate_vocab(gains, weights, size, floor=0):
    chosen = set()
    for table in gains.values():
        chosen |= set(sorted(table, key=lambda t: (-table[t], t))[:floor])
    if len(chosen) > size:
        raise ValueError("the floor does not fit")
    total = defaultdict(float)
    for lang, table in gains.items():
        for token, gain in table.items():
            total[token] += weights[lang] * gain
    rest = sorted((t for t in total if t not in chosen and total[t] > 0), key=lambda t: (-total[t], t))
    return sorted(chosen | set(rest[:size - len(chosen)]), key=lambda t: (t.casefold(), t))
