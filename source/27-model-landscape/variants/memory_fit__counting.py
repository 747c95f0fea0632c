"""Adds requests until one does not fit, by doubling."""

import math


def memory_fit(model, gpu, tokens, bits=16.0, gpus=1, kv_size=2, reserve=0.1):
    weights = model.params * bits / 8 / gpus
    limit = gpu.memory * (1 - reserve)
    if weights > limit:
        return -1
    one = model.cache_bytes(tokens, 1, kv_size)
    if not model.mla:
        one = one * math.ceil(model.kv_heads / gpus) / model.kv_heads
    low, step = 0, 1
    while weights + (low + step) * one <= limit:
        step *= 2
    while step:
        if weights + (low + step) * one <= limit:
            low += step
        step //= 2
    return low
