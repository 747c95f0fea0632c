"""The fullest GPU holds the smaller share of the heads."""

import math

from course.models.sizes import GPU, Model


def memory_fit(model: Model, gpu: GPU, tokens: int, bits: float = 16.0, gpus: int = 1, kv_size: float = 2,
               reserve: float = 0.1) -> int:
    room = gpu.memory * (1 - reserve) - model.params * bits / 8 / gpus
    if room < 0:
        return -1
    share = 1.0 if model.mla is not None else max(1, model.kv_heads // gpus) / model.kv_heads
    return math.floor(room / (model.cache_bytes(tokens, 1, kv_size) * share))
