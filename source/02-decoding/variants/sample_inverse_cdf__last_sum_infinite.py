"""The cumulative sum of the last possible token is set to infinity."""
import torch
def sample_inverse_cdf(probs, u):
    dtype = torch.promote_types(probs.dtype, torch.float32)
    cdf = torch.cumsum(probs, -1, dtype=dtype)
    last = (probs > 0).long().cumsum(-1).argmax(-1, keepdim=True)
    cdf = cdf.scatter(1, last, torch.inf)
    return torch.argmax((cdf > u.unsqueeze(-1)).long(), dim=-1)
