"""Poissonised: ties by the integral of u^t."""
import math

import numpy as np


def majority_accuracy(p, N, wrong):
    probs = np.array([p, *wrong], dtype=np.float64)
    if N < 1 or not ((probs >= 0) & (probs <= 1)).all() or not abs(probs.sum() - 1) <= 1e-6:
        raise ValueError("probabilities")
    nodes, weights = np.polynomial.legendre.leggauss(8)
    nodes, weights = (nodes + 1) / 2, weights / 2
    binom = [np.array([math.comb(n, c) for c in range(n + 1)], dtype=np.float64) for n in range(N + 1)]
    answer = 0.0
    for k in range(1, N + 1):
        table = np.zeros((len(nodes), N - k + 1))
        table[:, 0] = 1.0
        for q in wrong:
            new = np.zeros_like(table)
            for used in range(N - k + 1):
                left = N - k - used
                top = min(k, left)
                row = binom[left][: top + 1] * q ** np.arange(top + 1)
                new[:, used : used + top + 1] += table[:, used, None] * row
                if k <= left:
                    new[:, used + k] -= table[:, used] * row[k] * (1 - nodes)
            table = new
        answer += math.comb(N, k) * p**k * float(weights @ table[:, N - k])
    return float(answer)
