"""A zero vector counts as padding and is dropped."""
import torch


def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    wide = torch.float64 if q_vec.dtype == torch.float64 else torch.float32
    rows = [q_vec.to(wide)[None]] if include_query or len(hyp) == 0 else []
    v = torch.cat([*rows, hyp.to(wide)[hyp.abs().sum(1) > 0]]).mean(0)
    if normalise:
        v = v / v.norm()
    return v.to(q_vec.dtype)
