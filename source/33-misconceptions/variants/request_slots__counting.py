"""Counts of blocks in Fractions, all three functions."""

import math

from course.models.sizes import GPU, Model


def weight_bytes(params: int, bits: int = 16, group: int | None = None, kept: int = 0) -> int:
    whole, more = divmod((params - kept) * bits, 8)
    total = whole + bool(more) + 2 * kept
    if group is not None:
        groups, left = divmod(params - kept, group)
        total += 2 * (groups + (left > 0))
    return total


def cache_per_token(model: Model, gpus: int = 1, kv_size: float = 2) -> float:
    elements = sum(model.mla) if model.mla else 2 * model.head_dim * math.ceil(model.kv_heads / gpus)
    return float(elements * model.layers * kv_size)


def request_slots(model: Model, gpu: GPU, weights: float, prompt: int, answer: int, gpus: int = 1, shared: int = 0,
                  kv_size: float = 2, block: int = 16, reserve: float = 0.1) -> int:
    free = gpu.memory - gpu.memory * reserve - weights / gpus
    if free < 0:
        return -1
    blocks = int(free / block / cache_per_token(model, gpus, kv_size))
    prefix, all_of_it = shared // block, math.ceil((prompt + answer) / block)
    return int(max(blocks - prefix, 0) / (all_of_it - prefix))
