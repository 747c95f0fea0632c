"""Unique ids of each row, two masked updates on a copy."""
import torch
def repetition_penalty(ids, logits, r):
    rows = []
    for i, row in zip(ids, logits):
        u, new = i.unique(), row.clone()
        new[u] = torch.minimum(row[u] * r, row[u] / r) if r >= 1 else torch.maximum(row[u] * r, row[u] / r)
        rows.append(new)
    return torch.stack(rows)
