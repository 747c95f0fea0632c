"""argmax over F > u: 0 when no entry is True."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    return (cdf > u[:, None]).int().argmax(-1)
