"""r below 1 is raised to 1."""
import torch


def repetition_penalty(ids, logits, r):
    r = max(r, 1.0)
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen / r, seen * r))
