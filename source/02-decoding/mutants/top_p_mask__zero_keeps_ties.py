"""p = 0 keeps all exact maxima."""
import torch
def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    if p == 0:
        return logits.masked_fill(logits < logits.amax(-1, keepdim=True), -torch.inf)
    x = logits.float() if logits.dtype != torch.float64 else logits
    probs, order = x.softmax(-1).sort(-1, descending=True)
    cut = probs.cumsum(-1) - probs >= p
    return logits.masked_fill(torch.zeros_like(cut).scatter(1, order, cut), -torch.inf)
