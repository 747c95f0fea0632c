"""Without a special case: the product has a factor of 0 wherever fewer than k programs are wrong."""

import math


def pass_at_k(n, c, k):
    if not (1 <= k <= n and 0 <= c <= n):
        raise ValueError("k from 1 to n, c from 0 to n")
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))
