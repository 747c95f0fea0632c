"""float64 probabilities are summed in float32."""
import torch
def sample_inverse_cdf(probs, u):
    cdf = probs.float().cumsum(-1)
    first = (cdf <= u[:, None].float()).sum(-1)
    last = torch.where(probs > 0, torch.arange(probs.shape[-1]), -1).amax(-1)
    return torch.minimum(first, last)
