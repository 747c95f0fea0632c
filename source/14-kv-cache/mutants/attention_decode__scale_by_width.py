"""Divided by the square root of H * E, the model width."""
import math

import torch


def attention_decode(q, k, v):
    groups = q.float().unflatten(0, (len(k), -1))
    scores = groups @ k.float().mT / math.sqrt(q.numel())
    return (scores.softmax(-1) @ v.float()).flatten(0, 1).to(q.dtype)
