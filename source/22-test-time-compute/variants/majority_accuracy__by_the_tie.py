"""The same sum, ordered by how many rivals tie; equal rivals are not told apart."""
import math

import numpy as np


def majority_accuracy(p: float, N: int, wrong: list[float]) -> float:
    if N < 1 or any(c < 0 or c > 1 for c in (p, *wrong)) or not math.isclose(p + sum(wrong), 1, abs_tol=1e-6):
        raise ValueError("no distribution")
    total = 0.0
    for k in range(1, N + 1):
        table = np.zeros((len(wrong) + 1, N + 1))  # tied, used
        table[0, k] = math.comb(N, k) * p ** k
        for w in wrong:
            new = np.zeros_like(table)
            for used in range(k, N + 1):
                for c in range(min(k, N - used) + 1):
                    part = table[:, used] * math.comb(N - used, c) * w ** c
                    if c == k:
                        new[1:, used + c] += part[:-1]
                    else:
                        new[:, used + c] += part
            table = new
        total += sum(table[t, N] / (t + 1) for t in range(len(wrong) + 1))
    return float(total)
