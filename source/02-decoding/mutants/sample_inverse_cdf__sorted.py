"""Lays the tokens out by falling probability."""
import torch


def sample_inverse_cdf(probs, u):
    probs, order = probs.sort(-1, descending=True)
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    last = probs.shape[-1] - 1 - (probs > 0).flip(-1).int().argmax(-1)
    i = torch.minimum((cdf <= u[:, None]).sum(-1), last)
    return order.gather(-1, i[:, None])[:, 0]
