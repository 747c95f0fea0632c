"""All devices at once; the key/value list is rotated hop by hop, accumulators changed in place."""
import math

import torch


def ring_attention(q_shards, k_shards, v_shards):
    n = len(q_shards)
    wide = torch.promote_types(q_shards[0].dtype, torch.float32)
    qs = [q.to(wide) * q.shape[-1] ** -0.5 for q in q_shards]
    m = [torch.full(q.shape[:-1], -math.inf, dtype=wide) for q in qs]
    l = [torch.zeros(q.shape[:-1], dtype=wide) for q in qs]
    o = [torch.zeros_like(q) for q in qs]
    travelling = list(zip(k_shards, v_shards))
    for _ in range(n):
        for d, (k, v) in enumerate(travelling):
            s = qs[d] @ k.to(wide).transpose(-1, -2)
            new = torch.maximum(m[d], s.max(-1).values)
            p, alpha = torch.exp(s - new.unsqueeze(-1)), torch.exp(m[d] - new)
            l[d].mul_(alpha).add_(p.sum(-1))
            o[d].mul_(alpha.unsqueeze(-1)).add_(p @ v.to(wide))
            m[d] = new
        travelling = travelling[-1:] + travelling[:-1]
    return [(a / b.unsqueeze(-1)).to(q.dtype) for a, b, q in zip(o, l, q_shards)]
