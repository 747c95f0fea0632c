"""The mean is rounded to half precision before its length is taken."""
import torch


def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    rows = hyp
    if include_query or len(hyp) == 0:
        rows = torch.cat([q_vec[None], rows])
    v = rows.mean(0)
    if normalise:
        v = v / v.norm()
    return v.to(q_vec.dtype)
