"""Scores in float32."""

import math

import numpy as np


def best_of_n_gold(proxy, gold, n):
    M = len(proxy)
    if not 1 <= n <= M:
        raise ValueError(f'n is between 1 and {M}, not {n}')
    scores, gold = (proxy.float().numpy(), gold.float().double().numpy())
    values, group, count = np.unique(scores, return_inverse=True, return_counts=True)

    def below(c):
        lg = math.lgamma
        return math.exp(lg(c + 1) - lg(c - n + 1) + lg(M - n + 1) - lg(M + 1)) if c >= n else 0.0
    chance = np.diff([below(c) for c in count.cumsum().tolist()], prepend=0.0)
    return float((chance * np.bincount(group, gold) / count).sum())


def bon_kl(n):
    return math.log(n) - (n - 1) / n
