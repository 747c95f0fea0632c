"""The sum of values is rounded to the input's dtype after every shard."""
import torch


def ring_attention(q_shards, k_shards, v_shards):
    outs = []
    for q in q_shards:
        x = q.float() / q.shape[-1] ** 0.5
        m = torch.full((*q.shape[:-1], 1), -torch.inf)
        l = torch.zeros_like(m)
        o = torch.zeros(q.shape)
        for k, v in zip(k_shards, v_shards):
            s = x @ k.float().transpose(-1, -2)
            top = torch.maximum(m, s.amax(-1, keepdim=True))
            p = (s - top).exp()
            l = l * (m - top).exp() + p.sum(-1, keepdim=True)
            o = o * (m - top).exp() + p @ v.float()
            o = o.to(q.dtype).float()
            m = top
        outs.append((o / l).to(q.dtype))
    return outs
