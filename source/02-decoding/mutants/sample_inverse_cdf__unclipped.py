"""Index V when the sum stays at or below u."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    return (cdf <= u[:, None]).sum(-1)
