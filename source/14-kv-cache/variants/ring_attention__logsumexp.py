"""Merges finished shard outputs by their log-sum-exp."""
import math

import torch


def ring_attention(q_shards, k_shards, v_shards):
    outputs = []
    for q in q_shards:
        out, lse = None, None
        for k, v in zip(k_shards, v_shards):
            s = torch.einsum("...te,...se->...ts", q.double(), k.double()) / math.sqrt(q.shape[-1])
            part, part_lse = torch.softmax(s, -1) @ v.double(), torch.logsumexp(s, -1, keepdim=True)
            if out is None:
                out, lse = part, part_lse
            else:
                both = torch.logaddexp(lse, part_lse)
                out, lse = out * (lse - both).exp() + part * (part_lse - both).exp(), both
        outputs.append(out.to(q.dtype))
    return outputs
