"""What is tiny a day is taken as nothing, over thousands of days, too."""

import math


def mean_fresh(change, every, delay=0):
    if change < 1e-6:
        return 1.0
    return math.fsum((1 - change) ** (delay + j) for j in range(every)) / every


def best_refresh(change, refresh_cost, wrong_cost, queries, longest, delay=0):
    best, at, total = math.inf, 1, 0.0
    for r in range(1, longest + 1):
        total += (1 - change) ** (delay + r - 1)
        cost = refresh_cost / r + queries * wrong_cost * (1 - total / r)
        if cost < best:
            best, at = cost, r
    return at
