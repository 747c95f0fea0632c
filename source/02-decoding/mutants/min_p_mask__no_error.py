"""p outside [0, 1] is accepted."""
import torch
from torch import inf


def min_p_mask(logits, p):
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    probs = wide.softmax(-1)
    return logits.masked_fill(probs < p * probs.amax(-1, keepdim=True), -inf)
