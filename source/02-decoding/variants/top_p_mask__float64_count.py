"""float64: the nucleus size of each row is counted, then scattered back as a mask."""
import math
import torch
def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits
    x = logits.double().log_softmax(-1)
    s, order = x.sort(-1, descending=True)
    cum = s.exp().cumsum(-1)
    n = (cum[:, :-1] < p).sum(-1) + 1
    keep = torch.arange(x.shape[-1]) < n[:, None]
    mask = torch.empty_like(keep).scatter_(1, order, keep)
    return logits.where(mask, torch.tensor(-math.inf, dtype=logits.dtype))
