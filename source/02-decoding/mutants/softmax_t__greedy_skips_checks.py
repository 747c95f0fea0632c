"""T = 0 returns before NaN and empty rows are looked for."""
import torch
from torch import inf


def softmax_t(logits, T):
    if T == 0:
        w = (logits == logits.amax(-1, keepdim=True)).to(logits.dtype)
        return w / w.sum(-1, keepdim=True)
    if T < 0 or logits.isnan().any() or (logits == -inf).all(-1).any():
        raise ValueError("bad input")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return (wide / T).softmax(-1).to(logits.dtype)
