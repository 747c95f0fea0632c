"""A mixture that chooses all its experts is said to read none of them."""

import numpy as np


def step_seconds(batch: int, tokens: float, moe: tuple[float, float, int, int], weight_size: float,
                 cache_token: float, bandwidth: float, flops: float, overhead: float = 0.0) -> tuple[float, str]:
    dense, expert, n, k = moe
    if n == 0:
        expert = k = 0
    missed = np.exp(batch * np.log1p(-k / n)) if 0 < k < n else float(k != 0)
    data = weight_size * (dense + expert * n * (1 - missed)) + batch * tokens * cache_token
    memory, compute = data / bandwidth, 2 * batch * (dense + expert * k) / flops
    return float(np.maximum(memory, compute) + overhead), "compute" if compute > memory else "memory"
