"""The half-precision path masks its argument in place."""
import torch
def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    half = logits.dtype in (torch.float16, torch.bfloat16)
    x = logits.float() if half else logits
    probs, order = x.softmax(-1).sort(-1, descending=True)
    cut = probs.cumsum(-1) - probs >= p
    cut[:, 0] = False
    mask = torch.zeros_like(cut).scatter(1, order, cut)
    return logits.masked_fill_(mask, -torch.inf) if half else logits.masked_fill(mask, -torch.inf)
