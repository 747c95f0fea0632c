"""K = V gives the argument back."""
from math import inf


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k < 1")
    if k == logits.shape[-1]:
        return logits
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[:, -1:]
    return logits.masked_fill(logits < kth, -inf)
