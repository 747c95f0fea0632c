"""The cumulative sums are divided by the last."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.double().cumsum(-1)
    cdf = cdf / cdf[:, -1:]
    last = torch.where(probs > 0, torch.arange(probs.shape[-1]), -1).amax(-1)
    return torch.minimum(torch.searchsorted(cdf.contiguous(), u.double()[:, None].contiguous(), right=True)[:, 0], last)
