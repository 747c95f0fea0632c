"""n beyond M is taken for M."""

import math

import numpy as np


def best_of_n_gold(proxy, gold, n):
    M = len(proxy)
    n = max(1, min(n, M))
    scores, gold = (proxy.double().numpy(), gold.double().numpy())
    values, group, count = np.unique(scores, return_inverse=True, return_counts=True)

    def below(c):
        lg = math.lgamma
        return math.exp(lg(c + 1) - lg(c - n + 1) + lg(M - n + 1) - lg(M + 1)) if c >= n else 0.0
    chance = np.diff([below(c) for c in count.cumsum().tolist()], prepend=0.0)
    return float((chance * np.bincount(group, gold) / count).sum())


def bon_kl(n):
    return math.log(n) - (n - 1) / n
