"""The caller's lists are turned around the ring and left there."""
import torch


def ring_attention(q_shards, k_shards, v_shards):
    N = len(q_shards)
    m = [torch.full((*q.shape[:-1], 1), -torch.inf) for q in q_shards]
    l, o = [torch.zeros_like(x) for x in m], [torch.zeros(q.shape) for q in q_shards]
    for step in range(N):
        for d, q in enumerate(q_shards):
            s = q.float() @ k_shards[d].float().transpose(-1, -2) / q.shape[-1] ** 0.5
            top = torch.maximum(m[d], s.amax(-1, keepdim=True))
            p = (s - top).exp()
            l[d] = l[d] * (m[d] - top).exp() + p.sum(-1, keepdim=True)
            o[d] = o[d] * (m[d] - top).exp() + p @ v_shards[d].float()
            m[d] = top
        if step < N - 1:
            k_shards.append(k_shards.pop(0))
            v_shards.append(v_shards.pop(0))
    return [(a / b).to(q.dtype) for a, b, q in zip(o, l, q_shards)]
