"""Divides the negative and multiplies the positive."""
import torch


def repetition_penalty(ids, logits, r):
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen * r, seen / r))
