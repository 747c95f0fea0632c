"""Weights rounded to half precision before they meet the values."""
import math

import torch


def ring_attention(q_shards, k_shards, v_shards):
    outputs = []
    for device, q in enumerate(q_shards):
        wide = torch.promote_types(q.dtype, torch.float32)
        qw = q.to(wide) / math.sqrt(q.shape[-1])
        m = torch.full_like(qw[..., :1], -torch.inf)
        l, o = torch.zeros_like(m), torch.zeros_like(qw)
        for k, v in zip(k_shards, v_shards):
            scores = qw @ k.to(wide).mT
            top = torch.maximum(m, scores.amax(-1, keepdim=True))
            weights, shrink = (scores - top).exp(), (m - top).exp()
            l = l * shrink + weights.sum(-1, keepdim=True)
            o = o * shrink + weights.to(q.dtype).to(wide) @ v.to(wide)
            m = top
        outputs.append((o / l).to(q.dtype))
    return outputs
