"""k larger than V crashes."""
import torch
from torch import inf


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    kth = logits.topk(k).values[:, -1:]
    return logits.masked_fill(logits < kth, -inf)
