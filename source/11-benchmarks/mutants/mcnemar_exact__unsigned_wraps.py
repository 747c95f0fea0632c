"""Wins are positive differences: 0 - 1 of unsigned bytes is 255, a win."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np


def mcnemar_exact(a: Sequence[int], b: Sequence[int]) -> tuple[int, int, float]:
    """(only a right, only b right, p) of two models on the same items, two-sided and exact.

    [1, 1, 1, 0] against [0, 0, 1, 0]: (2, 0, 0.5).
    """
    if len(a) != len(b):
        raise ValueError("both models need the same items")
    a, b = (v.astype(int) if v.dtype == bool else v for v in (np.asarray(a), np.asarray(b)))
    only_a, only_b = int((a - b > 0).sum()), int((b - a > 0).sum())
    m = only_a + only_b
    term = tail = 1  # binomials, in whole numbers
    for i in range(min(only_a, only_b)):
        term = term * (m - i) // (i + 1)
        tail += term
    return only_a, only_b, float(min(Fraction(1), Fraction(2 * tail, 2 ** m)))
