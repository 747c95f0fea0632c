"""NaN passes."""
import math

import numpy as np


def majority_accuracy(p, N, wrong):
    if N < 1 or any(x < 0 or x > 1 for x in [p, *wrong]) or abs(p + sum(wrong) - 1) > 1e-6:
        raise ValueError("no probabilities")
    answer = 0.0
    for k in range(1, N + 1):
        n = N - k
        table = np.zeros((len(wrong) + 1, n + 1))
        table[0, 0] = 1.0
        for q in wrong:
            terms = np.array([q**c / math.factorial(c) for c in range(min(k, n) + 1)])
            new = np.zeros_like(table)
            for t in range(len(wrong) + 1):
                if not table[t].any():
                    continue
                below = terms[:k]
                new[t] += np.convolve(table[t], below)[: n + 1]
                if k <= n:
                    new[t + 1, k:] += terms[k] * table[t, : n + 1 - k]
            table = new
        mass = sum(table[t, n] / (t + 1) for t in range(len(wrong) + 1))
        answer += math.factorial(N) / math.factorial(k) * p**k * mass
    return float(answer)
