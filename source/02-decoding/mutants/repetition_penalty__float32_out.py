"""Returns float32 whatever came in."""
import torch


def repetition_penalty(ids, logits, r):
    logits = logits.float()
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen / r, seen * r))
