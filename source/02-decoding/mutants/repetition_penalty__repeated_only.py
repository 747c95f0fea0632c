"""Only ids that came at least twice are penalised."""
import torch


def repetition_penalty(ids, logits, r):
    count = torch.zeros(logits.shape, dtype=torch.long).scatter_add(1, ids, torch.ones_like(ids))
    return torch.where(count > 1, torch.where(logits > 0, logits / r, logits * r), logits)
