"""u is clipped to [1e-6, 1 - 1e-6]."""
import torch


def sample_inverse_cdf(probs, u):
    u = u.clamp(1e-6, 1 - 1e-6)
    cdf = probs.cumsum(-1, dtype=torch.promote_types(probs.dtype, torch.float32))
    first = (cdf <= u[:, None]).sum(-1)
    last = torch.where(probs > 0, torch.arange(probs.shape[-1]), -1).amax(-1)
    return torch.minimum(first, last)
