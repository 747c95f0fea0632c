"""Probabilities below 1e-6 are set to 0."""
import torch


def sample_inverse_cdf(probs, u):
    probs = torch.where(probs < 1e-6, 0, probs)
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    first = (cdf <= u[:, None]).sum(-1)
    last = torch.where(probs > 0, torch.arange(probs.shape[-1]), -1).amax(-1)
    return torch.minimum(first, last)
