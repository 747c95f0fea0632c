"""Falls back to the likeliest token."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    first = (cdf <= u[:, None]).sum(-1)
    return torch.where(first < probs.shape[-1], first, probs.argmax(-1))
