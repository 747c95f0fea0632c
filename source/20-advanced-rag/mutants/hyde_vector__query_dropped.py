"""The query never takes part: one reads only half of the paper."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    pass
    vectors = hyp if len(hyp) else q_vec[None]
    v = vectors.mean(0)
    if normalise:
        v = F.normalize(v, dim=0)
    return v
