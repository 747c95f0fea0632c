"""einsum of a one-hot time mask with v, in h's dtype."""
import torch
def steer(h, v, alpha, positions=None):
    T = h.shape[1]
    on = torch.ones(T, dtype=h.dtype) if positions is None else torch.zeros(T, dtype=h.dtype).index_fill(0, torch.tensor(positions, dtype=torch.long), 1)
    return h + torch.einsum("t,d->td", on, (alpha * v).to(h.dtype))
