"""Whole numbers until the last division."""

import math


def best_of_n_gold(proxy, gold, n):
    M = len(proxy)
    if n < 1 or n > M:
        raise ValueError(n)
    pairs = sorted(zip(proxy.tolist(), gold.tolist()))
    total, all_subsets, i = (0.0, math.comb(M, n), 0)
    while i < M:
        j = i
        while j < M and pairs[j][0] == pairs[i][0]:
            j += 1
        chance = (math.comb(j, n) - math.comb(i, n)) / all_subsets
        total += chance * sum((g for _, g in pairs[i:j])) / (j - i)
        i = j
    return total


def bon_kl(n):
    return math.log(n) - 1 + 1 / n
