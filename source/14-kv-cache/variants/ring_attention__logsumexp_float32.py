"""Merges finished shard outputs by their log-sum-exp, in float32."""
import math

import torch


def ring_attention(q_shards, k_shards, v_shards):
    outputs = []
    for q in q_shards:
        wide = torch.promote_types(q.dtype, torch.float32)
        out, lse = None, None
        for k, v in zip(k_shards, v_shards):
            s = q.to(wide) @ k.to(wide).mT / math.sqrt(q.shape[-1])
            part, part_lse = s.softmax(-1) @ v.to(wide), s.logsumexp(-1, keepdim=True)
            if out is None:
                out, lse = part, part_lse
            else:
                both = torch.logaddexp(lse, part_lse)
                out, lse = out * (lse - both).exp() + part * (part_lse - both).exp(), both
        outputs.append(out.to(q.dtype))
    return outputs
