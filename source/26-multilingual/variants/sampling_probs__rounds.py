"""Rounds: everybody at the limit is closed, the rest shared again."""
import math


def unimax(counts, budget, max_epochs):
    if not all(v >= 0 for v in (budget, max_epochs, *counts.values())):
        raise ValueError("negative or NaN")
    fixed, still_open = {}, dict(counts)
    while still_open:
        share = (budget - math.fsum(fixed.values())) / len(still_open)
        full = [k for k, n in still_open.items() if max_epochs * n <= share]
        if not full:
            fixed.update(dict.fromkeys(still_open, float(share)))
            break
        for k in full:
            fixed[k] = float(max_epochs * still_open.pop(k))
    return {k: fixed[k] for k in counts}
