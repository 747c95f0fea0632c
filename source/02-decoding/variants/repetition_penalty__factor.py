"""Multiplies by a matrix of factors, with 1 / r worked out once."""
import torch


def repetition_penalty(ids, logits, r):
    factor = torch.where(logits > 0, 1 / r, r).to(logits.dtype)
    hit = (ids[:, :, None] == torch.arange(logits.shape[1])).any(1)
    return logits * torch.where(hit, factor, torch.ones_like(factor))
