"""A GPU's part of a cache is cut to whole bytes."""

import math


def memory_fit(model, gpu, tokens, bits=16.0, gpus=1, kv_size=2, reserve=0.1):
    room = gpu.memory * (1 - reserve) - model.params * bits / 8 / gpus
    if room < 0:
        return -1
    cache = model.cache_bytes(tokens, 1, kv_size)
    if model.mla is None:
        cache = cache * math.ceil(model.kv_heads / gpus) / model.kv_heads
    return int(room // max(1, int(cache)))
