"""Binomials in whole numbers."""

import math


def pass_at_k(n, c, k):
    if k < 1 or k > n or c < 0 or c > n:
        raise ValueError("k from 1 to n, c from 0 to n")
    return 1 - math.comb(n - c, k) / math.comb(n, k)
