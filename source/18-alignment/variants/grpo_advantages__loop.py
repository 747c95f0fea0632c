"""Group by group over the judged rewards."""

import torch


def grpo_advantages(rewards, G, scale='group', eps=0.0001):
    if scale not in {'group', 'batch', 'none'}:
        raise ValueError(scale)
    if rewards.shape[0] % G != 0:
        raise ValueError('groups')
    r = rewards.detach().double()
    out = torch.zeros_like(r)
    every = r[~r.isnan()]
    for start in range(0, len(r), G):
        part = r[start:start + G]
        ok = ~part.isnan()
        judged = part[ok]
        if len(judged) < 2 or judged.min() == judged.max():
            continue
        a = judged - judged.mean()
        if scale == 'group':
            a = a / (judged.std() + eps)
        elif scale == 'batch':
            a = a / (every.std() + eps)
        out[start:start + G][ok] = a
    return out.to(rewards.dtype)
