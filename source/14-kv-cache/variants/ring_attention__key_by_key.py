"""Key by key."""
import math

import torch


def ring_attention(q_shards, k_shards, v_shards):
    keys = [(k[..., j, :].float(), v[..., j, :].float()) for k, v in zip(k_shards, v_shards) for j in range(k.shape[-2])]
    outs = []
    for q in q_shards:
        m, l, o = -math.inf, 0.0, 0.0
        for k, v in keys:
            s = (q.float() * k.unsqueeze(-2)).sum(-1, keepdim=True) / q.shape[-1] ** 0.5
            top = torch.clamp(s, min=m) if isinstance(m, float) else torch.maximum(m, s)
            shrink = torch.exp(m - top)
            l, o, m = l * shrink + torch.exp(s - top), o * shrink + torch.exp(s - top) * v.unsqueeze(-2), top
        outs.append((o / l).to(q.dtype))
    return outs
