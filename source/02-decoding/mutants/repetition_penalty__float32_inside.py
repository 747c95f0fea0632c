"""Goes through float32, also from float64 to float64."""
import torch


def repetition_penalty(ids, logits, r):
    x = logits.float()
    seen = x.gather(1, ids)
    return x.scatter(1, ids, torch.where(seen > 0, seen / r, seen * r)).to(logits.dtype)
