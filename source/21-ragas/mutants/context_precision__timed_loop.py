"""timed: row by row."""
import torch


def context_precision_batch(V):
    return torch.tensor([context_precision(row) for row in V.tolist()], dtype=torch.float64)
