"""p from 0.98 on is treated as 1."""
import torch
def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p >= 0.98:
        return logits.clone()
    x = logits.float() if logits.dtype != torch.float64 else logits
    probs, order = x.softmax(-1).sort(-1, descending=True)
    cut = probs.cumsum(-1) - probs >= p
    cut[:, 0] = False
    return logits.masked_fill(torch.zeros_like(cut).scatter(1, order, cut), -torch.inf)
