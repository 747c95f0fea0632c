"""Rounding up by the remainder; the sum over kinds in a loop."""
import numpy as np


def zero_memory(params, ranks, stage, weight_bytes=2, grad_bytes=2, optimizer_bytes=12):
    if stage not in range(4):
        raise ValueError(stage)
    whole, rest = divmod(params, ranks)
    total = 0
    for first_stage, size in ((1, optimizer_bytes), (2, grad_bytes), (3, weight_bytes)):
        total += size * (whole + bool(rest) if stage >= first_stage else params)
    return total


def zero_traffic(params, ranks, stage, micro_batches=1):
    if stage not in range(4):
        raise ValueError(stage)
    u = np.float64(params) * (ranks - 1) / ranks
    return [2 * u, 2 * u, (1 + micro_batches) * u, 3 * micro_batches * u][stage]
