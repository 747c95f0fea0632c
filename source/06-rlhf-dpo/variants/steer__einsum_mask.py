"""einsum of a one-hot time mask with v."""
import torch
def steer(h, v, alpha, positions=None):
    dtype, wide = h.dtype, torch.promote_types(h.dtype, torch.float32)
    h, v = h.to(wide), v.to(wide)
    T = h.shape[1]
    on = torch.ones(T, dtype=h.dtype) if positions is None else torch.zeros(T, dtype=h.dtype).index_fill(0, torch.tensor(positions, dtype=torch.long), 1)
    return (h + torch.einsum("t,d->td", on, alpha * v)).to(dtype)
