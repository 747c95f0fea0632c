"""Accumulates in the dtype of the probabilities."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.cumsum(-1)
    last = probs.shape[-1] - 1 - (probs > 0).flip(-1).int().argmax(-1)
    return torch.minimum((cdf <= u[:, None].to(probs.dtype)).sum(-1), last)
