"""Id 0 is taken for padding."""
import torch


def repetition_penalty(ids, logits, r):
    seen = logits.gather(1, ids)
    new = torch.where(seen > 0, seen / r, seen * r)
    return logits.scatter(1, ids, torch.where(ids == 0, seen, new))
