"""Multiplies by a matrix of factors, with 1 / r worked out once."""
import torch


def repetition_penalty(ids, logits, r):
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    factor = torch.where(wide > 0, 1 / r, r).to(wide.dtype)
    hit = (ids[:, :, None] == torch.arange(logits.shape[1])).any(1)
    return (wide * torch.where(hit, factor, torch.ones_like(factor))).to(logits.dtype)
