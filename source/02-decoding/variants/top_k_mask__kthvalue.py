"""torch.kthvalue counted from below."""
import torch
from torch import inf


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    V = logits.size(-1)
    if k >= V:
        return logits.clone()
    floor = torch.kthvalue(logits, V - k + 1, dim=-1, keepdim=True).values
    out = logits.clone()
    out[logits < floor] = -inf
    return out
