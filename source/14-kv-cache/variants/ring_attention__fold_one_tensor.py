"""A fold whose state is one tensor: m, l and o side by side."""
import torch


def ring_fold(state, q, k, v):
    wide = torch.float64 if q.dtype == torch.float64 else torch.float32
    scores = torch.matmul(q.to(wide), k.to(wide).transpose(-1, -2)) * q.shape[-1] ** -0.5
    top = scores.max(-1, keepdim=True).values
    p = torch.exp(scores - top)
    new = torch.cat([top, p.sum(-1, keepdim=True), p @ v.to(wide)], -1)
    if state is None:
        return new
    m = torch.maximum(state[..., :1], top)
    return torch.cat([m, state[..., 1:] * torch.exp(state[..., :1] - m) + new[..., 1:] * torch.exp(top - m)], -1)


def ring_finish(state):
    return state[..., 2:] / state[..., 1:2]
