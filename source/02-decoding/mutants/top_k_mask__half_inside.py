"""Goes through half precision: distinct logits become ties."""
import torch
from torch import inf


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    x = logits.half()
    kth = x.topk(min(k, x.shape[-1])).values[:, -1:]
    return logits.masked_fill(x < kth, -inf)
