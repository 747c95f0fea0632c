"""The ids of the first row are used for all."""
import torch


def repetition_penalty(ids, logits, r):
    ids = ids[:1].expand(len(logits), -1)
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen / r, seen * r))
