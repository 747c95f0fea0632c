"""The shards' outputs are averaged, weighted by their lengths."""
import math

import torch


def ring_attention(q_shards, k_shards, v_shards):
    outputs = []
    for q in q_shards:
        total = sum(k.shape[-2] for k in k_shards)
        parts = [k.shape[-2] / total * ((q.float() @ k.float().mT / math.sqrt(q.shape[-1])).softmax(-1) @ v.float()) for k, v in zip(k_shards, v_shards)]
        outputs.append(sum(parts).to(q.dtype))
    return outputs
