"""Only the possible tokens are laid end to end."""
import torch
def sample_inverse_cdf(probs, u):
    wide = probs if probs.dtype == torch.float64 else probs.float()
    out = []
    for b in range(wide.shape[0]):
        possible = torch.nonzero(wide[b] > 0).flatten()
        cdf = torch.cumsum(wide[b, possible], 0)
        hits = torch.nonzero(cdf > u[b]).flatten()
        out.append(possible[hits[0] if len(hits) else -1])
    return torch.stack(out)
