"""A mean shorter than 1 is not scaled up."""
import torch


def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    rows = hyp.float()
    if include_query or len(hyp) == 0:
        rows = torch.cat([q_vec.float()[None], rows])
    v = rows.mean(0)
    if normalise:
        v = v / v.norm().clamp(min=1)
    return v.to(q_vec.dtype)
