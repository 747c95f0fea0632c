"""Multiplies by 1 / r, rounded to the dtype of the logits."""
import torch


def repetition_penalty(ids, logits, r):
    old = logits.gather(-1, ids)
    up, down = torch.tensor(r, dtype=logits.dtype), torch.tensor(1 / r, dtype=logits.dtype)
    return logits.scatter(-1, ids, torch.where(old > 0, old * down, old * up))
