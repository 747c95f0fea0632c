"""Keeps exactly k by index: ties at the edge are cut."""
import torch
from torch import inf


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    index = logits.topk(min(k, logits.shape[-1])).indices
    return torch.full_like(logits, -inf).scatter(-1, index, logits.gather(-1, index))
