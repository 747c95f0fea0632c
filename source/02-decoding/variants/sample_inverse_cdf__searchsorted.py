"""torch.searchsorted with right=True; the tail above the last token is lifted to 1."""
import torch


def sample_inverse_cdf(probs, u):
    cdf = probs.double().cumsum(-1)
    positions = torch.arange(probs.shape[-1]).expand_as(probs)
    last = torch.where(probs > 0, positions, -1).amax(-1)
    first = torch.searchsorted(cdf.contiguous(), u.double()[:, None].contiguous(), right=True)[:, 0]
    return torch.where(first > last, last, first)
