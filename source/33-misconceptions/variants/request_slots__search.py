"""Slots by counting up."""

from course.models.sizes import GPU, Model


def request_slots(model: Model, gpu: GPU, weights: float, prompt: int, answer: int, gpus: int = 1, shared: int = 0,
                  kv_size: float = 2, block: int = 16, reserve: float = 0.1) -> int:
    room = (1 - reserve) * gpu.memory - weights / gpus
    if room < 0:
        return -1
    total = int(room // (cache_per_token(model, gpus, kv_size) * block))
    used, slots = shared // block, 0
    each = (prompt + answer + block - 1) // block - used
    while used + each <= total:
        used += each
        slots += 1
    return slots
