"""k >= V hands back the logits themselves."""
import torch


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    if k >= logits.shape[-1]:
        return logits
    return logits.masked_fill(logits < logits.topk(k).values[:, -1:], -torch.inf)
