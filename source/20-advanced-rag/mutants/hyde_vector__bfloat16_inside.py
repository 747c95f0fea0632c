"""bfloat16 sums for bfloat16 input."""
import torch


def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    if q_vec.dtype == torch.bfloat16:
        r = torch.cat([q_vec[None], hyp]) if include_query or len(hyp) == 0 else hyp
        v = r[0].clone()
        for x in r[1:]:
            v = v + x
        v = v / len(r)
        return v / v.square().sum().sqrt() if normalise else v
    rows = hyp.float()
    if include_query or len(hyp) == 0:
        rows = torch.cat([q_vec.float()[None], rows])
    v = rows.mean(0)
    if normalise:
        v = v / v.norm()
    return v.to(q_vec.dtype)
