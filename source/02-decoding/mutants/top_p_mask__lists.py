"""timed: sorts and sums Python lists."""
import torch
from torch import inf


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    if p == 1:
        return logits.clone()

    rows = []
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    for row, probs in zip(logits.tolist(), wide.softmax(-1).tolist()):
        kept, mass = [-inf] * len(row), 0.0
        for i in sorted(range(len(row)), key=probs.__getitem__, reverse=True):
            kept[i] = row[i]
            mass += probs[i]
            if mass >= p:
                break
        rows.append(kept)
    return torch.tensor(rows, dtype=logits.dtype)
