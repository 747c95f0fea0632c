"""A vector of width 1 comes back as a number."""
import torch


def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    wide = torch.float64 if q_vec.dtype == torch.float64 else torch.float32
    rows = [q_vec.to(wide)[None]] if include_query or len(hyp) == 0 else []
    v = torch.cat([*rows, hyp.to(wide)]).mean(0).squeeze()
    if normalise:
        v = v / v.norm()
    return v.to(q_vec.dtype)
