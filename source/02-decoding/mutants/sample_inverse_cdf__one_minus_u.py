"""Uses 1 - u: as random, but another token."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    last = probs.shape[-1] - 1 - (probs > 0).flip(-1).int().argmax(-1)
    return torch.minimum((cdf <= 1 - u[:, None]).sum(-1), last)
