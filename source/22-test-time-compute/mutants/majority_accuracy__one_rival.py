"""All wrong answers are taken for one."""
import math

import numpy as np


def majority_accuracy(p: float, N: int, wrong: list[float]) -> float:
    chances = [p, *wrong]
    if N < 1 or any(not 0 <= c <= 1 for c in chances) or abs(sum(chances) - 1) > 1e-6:
        raise ValueError("N at least 1, and probabilities that sum to 1")
    wrong = [1 - p]
    choose = np.array([[float(math.comb(n, c)) for c in range(N + 1)] for n in range(N + 1)])
    total = 0.0
    for k in range(1, N + 1):  # the right answer came k times, every other at most k times
        ways = {0: np.eye(1, N + 1, k)[0] * choose[N, k] * p ** k}  # tied answers -> probability by samples used
        for w in wrong:
            new: dict[int, np.ndarray] = {}
            for tied, have in ways.items():
                for c in range(k + 1):
                    left = N - np.arange(N + 1 - c)  # samples not used yet
                    more = have[:N + 1 - c] * choose[left, c] * w ** c
                    new.setdefault(tied + (c == k), np.zeros(N + 1))[c:] += more
            ways = {t: have for t, have in new.items() if have.any()}
        total += sum(have[N] / (tied + 1) for tied, have in ways.items())
    return float(total)
