"""p = 1 hands back the logits themselves."""
import torch


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p lies outside [0, 1]")
    if p == 1:
        return logits
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    probs, order = wide.softmax(-1).sort(descending=True)
    cut = probs.cumsum(-1) - probs >= p
    cut[:, 0] = False
    return logits.masked_fill(torch.zeros_like(cut).scatter(-1, order, cut), -torch.inf)
