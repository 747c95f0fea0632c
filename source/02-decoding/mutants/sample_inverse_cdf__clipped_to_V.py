"""Clipped to the last position, which may have probability 0."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    return (cdf <= u[:, None]).sum(-1).clamp(max=probs.shape[-1] - 1)
