"""Scales the query in place."""
import math

import torch


def attention_decode(q, k, v):
    q.div_(math.sqrt(q.shape[-1]))
    scores = q.float().unflatten(0, (len(k), -1)) @ k.float().mT
    return (scores.softmax(-1) @ v.float()).flatten(0, 1).to(q.dtype)
