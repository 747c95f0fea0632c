"""The first u is used for every row."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    last = probs.shape[-1] - 1 - (probs > 0).flip(-1).int().argmax(-1)
    return torch.minimum((cdf <= u[0]).sum(-1), last)
