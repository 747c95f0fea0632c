"""The comparison happens in float32, so float64 logits that differ in the tenth digit tie."""
import torch
def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k")
    x = logits.float()
    kth = x.topk(min(k, x.shape[-1])).values[:, -1:]
    return logits.masked_fill(x < kth, -torch.inf)
