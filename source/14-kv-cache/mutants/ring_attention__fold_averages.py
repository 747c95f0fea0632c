"""Averages the outputs of the shards."""
import math

import torch


def ring_fold(state, q, k, v):
    wide = torch.promote_types(q.dtype, torch.float32)
    n, mean = state or (0, 0.0)
    part = (q.to(wide) / math.sqrt(q.shape[-1]) @ k.to(wide).mT).softmax(-1) @ v.to(wide)
    return n + 1, mean + (part - mean) / (n + 1)


def ring_finish(state):
    return state[1]
