"""Works on log-probabilities, after the softmax."""
import torch


def repetition_penalty(ids, logits, r):
    logits = logits.log_softmax(-1)
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen / r, seen * r))
