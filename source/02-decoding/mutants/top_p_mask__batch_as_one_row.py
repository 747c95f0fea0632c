"""The whole batch is one distribution."""
import torch
from torch import inf


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    if p == 1:
        return logits.clone()

    wide = logits.flatten().to(torch.promote_types(logits.dtype, torch.float32))
    probs, order = wide.softmax(-1).sort(-1, descending=True)
    cut = probs.cumsum(-1) - probs >= p
    cut[0] = False
    return logits.masked_fill(cut.scatter(-1, order, cut).view(logits.shape), -inf)
