"""Weights may lie in the reserve."""

import math

from course.models.sizes import GPU, Model


def request_slots(model: Model, gpu: GPU, weights: float, prompt: int, answer: int, gpus: int = 1, shared: int = 0,
                  kv_size: float = 2, block: int = 16, reserve: float = 0.1) -> int:
    room = gpu.memory * (1 - reserve) - weights / gpus
    if gpu.memory < weights / gpus:
        return -1
    blocks = math.floor(room / (block * cache_per_token(model, gpus, kv_size)))
    common = shared // block
    own = -(-(prompt + answer) // block) - common
    return max(0, (blocks - common) // own)
