"""The length is computed in half precision."""
import torch


def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    rows = hyp.float()
    if include_query or len(hyp) == 0:
        rows = torch.cat([q_vec.float()[None], rows])
    v = rows.mean(0)
    if normalise:
        v = v.to(q_vec.dtype)
        v = v / v.square().sum().sqrt()
    return v.to(q_vec.dtype)
