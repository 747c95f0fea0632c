"""T = 0 puts all mass on the first maximum."""
import torch
from torch import inf


def softmax_t(logits, T):
    if T < 0 or logits.isnan().any() or (logits == -inf).all(-1).any():
        raise ValueError("bad input")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if T == 0:
        return torch.zeros_like(logits).scatter(-1, logits.argmax(-1, keepdim=True), 1.0)
    return (wide / T).softmax(-1).to(logits.dtype)
