"""Tokens below 1e-6 do not count as possible at the end."""
import torch
def sample_inverse_cdf(probs, u):
    cdf = probs.to(torch.promote_types(probs.dtype, torch.float32)).cumsum(-1)
    first = (cdf <= u[:, None]).sum(-1)
    last = torch.where(probs > 1e-6, torch.arange(probs.shape[-1]), -1).amax(-1)
    return torch.minimum(first, last)
