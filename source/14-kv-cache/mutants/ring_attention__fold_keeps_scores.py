"""Keeps all scores and values, and weighs them at the end."""
import math

import torch


def ring_fold(state, q, k, v):
    wide = torch.promote_types(q.dtype, torch.float32)
    part = (q.to(wide) / math.sqrt(q.shape[-1]) @ k.to(wide).mT, v.to(wide))
    return part if state is None else (torch.cat([state[0], part[0]], -1), torch.cat([state[1], part[1]], -2))


def ring_finish(state):
    return state[0].softmax(-1) @ state[1]
