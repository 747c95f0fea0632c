"""Drops zeros from the caller's list."""

import math


def majority_accuracy(p, N, wrong):
    probs = [p, *wrong]
    if N < 1 or any(not 0 <= x <= 1 for x in probs) or abs(sum(probs) - 1) > 1e-6:
        raise ValueError("arguments")
    if 0.0 in wrong:
        wrong.remove(0.0)
    total = 0.0
    for k in range(1, N + 1):
        table = {(0, 1): math.comb(N, k) * p ** k}
        free = N - k
        for w in wrong:
            new = {}
            for (used, tied), mass in table.items():
                for c in range(0, min(k, free - used) + 1):
                    key = (used + c, tied + (c == k))
                    new[key] = new.get(key, 0.0) + mass * math.comb(free - used, c) * w ** c
            table = new
        total += sum(mass / tied for (used, tied), mass in table.items() if used == free)
    return float(total)
