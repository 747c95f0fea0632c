"""The chi-square form with continuity correction."""

import math
from collections.abc import Sequence


def mcnemar_exact(a: Sequence[int], b: Sequence[int]) -> tuple[int, int, float]:
    """(only a right, only b right, p) of two models on the same items, two-sided and exact.

    [1, 1, 1, 0] against [0, 0, 1, 0]: (2, 0, 0.5).
    """
    if len(a) != len(b):
        raise ValueError("both models need the same items")
    only_a = sum(bool(x) and not y for x, y in zip(a, b))
    only_b = sum(bool(y) and not x for x, y in zip(a, b))
    m = only_a + only_b
    term = tail = 1  # binomials, in whole numbers
    for i in range(min(only_a, only_b)):
        term = term * (m - i) // (i + 1)
        tail += term
    z = max(0, abs(only_a - only_b) - 1) / math.sqrt(m) if m else 0.0
    return only_a, only_b, math.erfc(z / math.sqrt(2))
