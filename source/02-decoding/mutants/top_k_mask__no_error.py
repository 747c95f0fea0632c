"""k < 1 is treated as 1."""
import torch
from torch import inf


def top_k_mask(logits, k):
    k = max(k, 1)
    kth = logits.topk(min(k, logits.shape[-1])).values[:, -1:]
    return logits.masked_fill(logits < kth, -inf)
