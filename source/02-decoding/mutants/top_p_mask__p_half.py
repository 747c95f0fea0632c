"""p is rounded to the dtype of the logits."""
from math import inf
import torch


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    x = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    p = torch.tensor(p, dtype=logits.dtype).item()
    s, order = x.sort(-1, descending=True)
    total = s.softmax(-1).cumsum(-1)
    keep = torch.ones_like(total, dtype=torch.bool)
    keep[:, 1:] = total[:, :-1] < p
    mask = torch.zeros_like(keep).scatter(-1, order, keep)
    return logits.masked_fill(~mask, -inf)
