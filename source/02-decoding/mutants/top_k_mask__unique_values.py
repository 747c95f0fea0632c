"""Counts distinct values instead of tokens."""
import torch
from torch import inf


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    out = torch.full_like(logits, -inf)
    for b, row in enumerate(logits):
        kth = row.unique().flip(0)[:k][-1]
        out[b] = row.masked_fill(row < kth, -inf)
    return out
