"""Writes into the logits."""
import torch


def repetition_penalty(ids, logits, r):
    seen = logits.gather(1, ids)
    return logits.scatter_(1, ids, torch.where(seen > 0, seen / r, seen * r))
