"""Case by case; the query alone is copied."""
import torch


def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    if len(hyp) == 0:
        v = q_vec.clone()
    elif include_query:
        v = (hyp.float().sum(0) + q_vec.float()) / (1 + len(hyp))
    else:
        v = hyp.float().mean(dim=0)
    if normalise:
        v = v.float() / torch.sqrt((v.float() ** 2).sum())
    return v.to(dtype=q_vec.dtype)
