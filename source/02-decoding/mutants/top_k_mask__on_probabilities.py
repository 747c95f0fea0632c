"""The k-th largest probability: where probabilities underflow to 0 everything ties."""
import torch
def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k")
    p = logits.float().softmax(-1)
    kth = p.topk(min(k, p.shape[-1])).values[:, -1:]
    return logits.masked_fill(p < kth, -torch.inf)
