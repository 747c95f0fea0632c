"""Only the last id is penalised."""
import torch


def repetition_penalty(ids, logits, r):
    ids = ids[:, -1:]
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen / r, seen * r))
