"""Nearly unit length is left alone."""
import torch


def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    wide = torch.float32 if q_vec.dtype in (torch.float16, torch.bfloat16) else q_vec.dtype
    rows = [q_vec[None].to(wide)] if include_query or len(hyp) == 0 else []
    v = torch.cat(rows + [hyp.to(wide)]).mean(0)
    if normalise and abs(v.norm().item() - 1) > 0.02:
        v = v / v.norm()
    return v.to(q_vec.dtype)
