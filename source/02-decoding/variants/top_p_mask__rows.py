"""timed: one vectorised pass for each row, threshold on the rank."""
import torch
from torch import inf


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    if p == 1:
        return logits.clone()

    rows = []
    for row in logits:
        probs, order = row.to(torch.promote_types(row.dtype, torch.float32)).softmax(0).sort(descending=True)
        n = max(1, int((probs.cumsum(0) - probs < p).sum()))
        kept = torch.full_like(row, -inf)
        kept[order[:n]] = row[order[:n]]
        rows.append(kept)
    return torch.stack(rows)
