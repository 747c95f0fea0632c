"""Python lists, row by row."""
import torch
from torch import inf


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    rows = []
    for row in logits:
        kth = sorted(row.tolist(), reverse=True)[:k][-1]
        rows.append(torch.where(row >= kth, row, torch.tensor(-inf, dtype=row.dtype)))
    return torch.stack(rows)
