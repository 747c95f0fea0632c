"""Every token is penalised, seen or not."""
import torch


def repetition_penalty(ids, logits, r):
    return torch.where(logits > 0, logits / r, logits * r)
