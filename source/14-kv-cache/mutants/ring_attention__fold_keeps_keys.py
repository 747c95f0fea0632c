"""The state is a list of all keys and values; the softmax comes at the end."""
import math

import torch


def ring_fold(state, q, k, v):
    keys, values = state[1:] if state else (k[..., :0, :], v[..., :0, :])
    return q, torch.cat([keys, k], -2), torch.cat([values, v], -2)


def ring_finish(state):
    q, k, v = (x.to(torch.promote_types(x.dtype, torch.float32)) for x in state)
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1) @ v
