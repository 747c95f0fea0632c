"""More right programs than programs are accepted."""

import math


def pass_at_k(n: int, c: int, k: int) -> float:
    """The probability that k of n samples, drawn without putting back, hold one of the c right ones.

    n = 4, c = 1, k = 2: 1 - 3/6 = 0.5.
    """
    if not (1 <= k <= n and 0 <= c):
        raise ValueError(f"needs 1 <= k <= n and 0 <= c, got n = {n}, c = {c}, k = {k}")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))
