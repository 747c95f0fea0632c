"""A boolean mask of the seen tokens."""
import torch


def repetition_penalty(ids, logits, r):
    seen = torch.zeros(logits.shape, dtype=torch.bool).scatter(1, ids, True)
    return torch.where(seen, torch.where(logits < 0, logits * r, logits / r), logits)
