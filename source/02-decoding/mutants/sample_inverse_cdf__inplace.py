"""Accumulates in place."""
import torch


def sample_inverse_cdf(probs, u):
    last = probs.shape[-1] - 1 - (probs > 0).flip(-1).int().argmax(-1)
    cdf = probs.cumsum_(-1)
    return torch.minimum((cdf <= u[:, None]).sum(-1), last)
