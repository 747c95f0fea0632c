"""Logits are multiplied by T."""
import torch
from torch import inf


def softmax_t(logits, T):
    if T < 0 or logits.isnan().any() or (logits == -inf).all(-1).any():
        raise ValueError("bad input")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if T == 0:
        w = (wide == wide.amax(-1, keepdim=True)).to(wide.dtype)
        return (w / w.sum(-1, keepdim=True)).to(logits.dtype)
    return (wide * T).softmax(-1).to(logits.dtype)
