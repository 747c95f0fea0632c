"""T = 0 is replaced by 1e-8: a near maximum gets mass too."""
import torch
from torch import inf


def softmax_t(logits, T):
    if T < 0 or logits.isnan().any() or (logits == -inf).all(-1).any():
        raise ValueError("bad input")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return (wide / max(T, 1e-8)).softmax(-1).to(logits.dtype)
