"""F.one_hot(...).any over time."""
import torch
import torch.nn.functional as F
def repetition_penalty(ids, logits, r):
    seen = F.one_hot(ids, logits.shape[-1]).bool().any(dim=1)
    factor = torch.where(logits > 0, 1 / r, r).to(logits.dtype)
    return torch.where(seen, logits * factor, logits)
