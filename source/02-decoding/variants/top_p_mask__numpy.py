"""numpy: argsort, cumsum, searchsorted for each row."""
import numpy as np
import torch


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    if p == 1:
        return logits.clone()

    x = logits.double().numpy()
    keep = np.zeros(x.shape, dtype=bool)
    for row, kept in zip(x, keep):
        q = np.exp(row - row.max())
        order = np.argsort(-q)
        n = np.searchsorted((q / q.sum())[order].cumsum(), p) + 1
        kept[order[:n]] = True
    return torch.where(torch.from_numpy(keep), logits, -torch.inf)
