"""Picks logits first, subtracts logsumexp, in float32, masks with where."""
import torch


def sequence_logprob(logits, labels, ignore=-100):
    x = logits.float()[:, :-1]
    keep = labels[:, 1:].ne(ignore)
    safe = torch.where(keep, labels[:, 1:], torch.zeros_like(labels[:, 1:]))
    logp = torch.take_along_dim(x, safe[..., None], dim=2)[..., 0] - torch.logsumexp(x, dim=2)
    logp = torch.where(keep, logp, torch.zeros_like(logp))
    return logp.sum(dim=1).to(logits.dtype), keep.sum(dim=1, dtype=torch.int32)
