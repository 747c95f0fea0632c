"""Each token's total by asking every language."""
import math


def allocate_vocab(gains, weights, size, floor=0):
    tokens = sorted({t for table in gains.values() for t in table})
    total = {t: math.fsum(weights[k] * table[t] for k, table in gains.items() if t in table) for t in tokens}
    must = []
    for table in gains.values():
        must += sorted(table, key=lambda t: (-table[t], t))[:floor]
    must = set(must)
    if len(must) > size:
        raise ValueError("no room for the floor")
    more = [t for t in sorted(tokens, key=lambda t: -total[t]) if t not in must and total[t] > 0]
    return sorted([*must, *more[:size - len(must)]])
