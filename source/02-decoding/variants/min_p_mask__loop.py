"""Plain Python, row by row."""
import math

import torch


def min_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    rows = []
    for row in logits.tolist():
        best = max(row)
        rows.append([x if math.exp(x - best) >= p else -math.inf for x in row])
    return torch.tensor(rows, dtype=logits.dtype)
