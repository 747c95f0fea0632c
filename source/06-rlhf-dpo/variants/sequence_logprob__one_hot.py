"""One-hot targets and an inner product with the log-probabilities."""
import torch
import torch.nn.functional as F


def sequence_logprob(logits, labels, ignore=-100):
    targets = labels[:, 1:].clone()
    keep = targets != ignore
    targets[~keep] = 0
    onehot = F.one_hot(targets, logits.shape[-1]).to(logits.dtype)
    picked = (onehot * F.log_softmax(logits[:, :-1], dim=-1)).sum(-1)
    return torch.where(keep, picked, 0.0).sum(-1), keep.long().sum(-1)
