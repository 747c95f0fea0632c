"""Logarithms of factorials."""

import math

import numpy as np


def pass_at_k(n, c, k):
    if k < 1 or k > n or c < 0 or c > n:
        raise ValueError("k from 1 to n, c from 0 to n")
    if c == 0:
        return 0.0
    if n - c < k:
        return 1.0
    return 1 - math.exp(math.lgamma(n - c + 1) - math.lgamma(n - c - k + 1) - math.lgamma(n + 1) + math.lgamma(n - k + 1))


def mean_pass_at_k(counts, k):
    if len(counts) == 0:
        raise ValueError("no tasks")
    return float(np.mean([pass_at_k(n, c, k) for n, c in counts]))
