"""Parts as an array in float64; the mean cache of a step."""

import numpy as np


def answer_time(parts, prompt, think, answer, bandwidth, flops, kv_bytes=0):
    total, active, bits = np.array(parts, dtype=np.float64).T
    start = 2.0 * active.sum() * prompt / flops

    def decode(n):
        mean_cache = kv_bytes * (prompt + (n + 1) / 2)
        return n * ((active * bits).sum() / 8 + mean_cache) / bandwidth

    return (total * bits).sum() / 8, start + decode(think), start + decode(think + answer - 1)
