"""u is scaled by the sum of the row."""
import torch
def sample_inverse_cdf(probs, u):
    cdf = probs.to(torch.promote_types(probs.dtype, torch.float32)).cumsum(-1)
    first = (cdf <= u[:, None] * cdf[:, -1:]).sum(-1)
    last = torch.where(probs > 0, torch.arange(probs.shape[-1]), -1).amax(-1)
    return torch.minimum(first, last)
