"""One row at a time, with plain Python numbers."""
import torch
from torch import inf


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    out = torch.full_like(logits, -inf)
    for b in range(logits.shape[0]):
        row = logits[b].double()
        q = torch.softmax(row, 0).tolist()
        mass = 0.0
        for i in torch.argsort(row, descending=True).tolist():
            out[b, i] = logits[b, i]
            mass += q[i]
            if mass >= p and p < 1:
                break
    return out
