"""Binomials as floats: for large ones the answer is NaN or an error."""

import math

import numpy as np


def best_of_n_gold(proxy, gold, n):
    M = len(proxy)
    if not 1 <= n <= M:
        raise ValueError(f'n is between 1 and {M}, not {n}')
    scores, gold = (proxy.double().numpy(), gold.double().numpy())
    values, group, count = np.unique(scores, return_inverse=True, return_counts=True)

    def below(c):
        return float(np.prod(np.arange(c - n + 1, c + 1, dtype=float)) / np.prod(np.arange(M - n + 1, M + 1, dtype=float))) if c >= n else 0.0
    chance = np.diff([below(c) for c in count.cumsum().tolist()], prepend=0.0)
    return float((chance * np.bincount(group, gold) / count).sum())


def bon_kl(n):
    return math.log(n) - (n - 1) / n
