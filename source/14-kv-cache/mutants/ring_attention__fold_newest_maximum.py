"""Takes the maximum of the newest shard, not the largest so far."""
import math

import torch


def ring_fold(state, q, k, v):
    wide = torch.promote_types(q.dtype, torch.float32)
    scores = q.to(wide) / math.sqrt(q.shape[-1]) @ k.to(wide).mT
    m, l, o = state or (torch.full_like(scores[..., :1], -torch.inf), 0.0, 0.0)
    top = scores.amax(-1, keepdim=True)
    weights, shrink = (scores - top).exp(), (m - top).exp()
    return top, l * shrink + weights.sum(-1, keepdim=True), o * shrink + weights @ v.to(wide)


def ring_finish(state):
    _, l, o = state
    return o / l
