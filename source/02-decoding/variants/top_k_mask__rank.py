"""A token survives when fewer than k are larger."""
import torch
from torch import inf


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    larger = (logits[:, None, :] > logits[:, :, None]).sum(-1)
    return torch.where(larger < k, logits, -inf)
