"""timed: one Python loop over the tokens of each row."""
import torch
from torch import inf


def top_p_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")
    if p == 1:
        return logits.clone()

    out = torch.full_like(logits, -inf)
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    for b, probs in enumerate(wide.softmax(-1).tolist()):
        kept, mass = [], 0.0
        for i in sorted(range(len(probs)), key=lambda i: -probs[i]):
            kept.append(i)
            mass += probs[i]
            if mass >= p:
                break
        out[b, kept] = logits[b, kept]
    return out
