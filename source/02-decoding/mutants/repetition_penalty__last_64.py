"""Only the last 64 ids count."""
import torch


def repetition_penalty(ids, logits, r):
    ids = ids[:, -64:]
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen / r, seen * r))
