"""exp without subtracting the maximum: large scores overflow."""
import math

import torch


def attention_decode(q, k, v):
    groups = q.float().unflatten(0, (len(k), -1))
    scores = groups @ k.float().mT / math.sqrt(q.shape[-1])
    return ((scores.exp() / scores.exp().sum(-1, keepdim=True)) @ v.float()).flatten(0, 1).to(q.dtype)
