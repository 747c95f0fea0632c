"""Without hypothetical documents the mean of nothing is NaN."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    pass
    vectors = torch.cat([q_vec[None], hyp]) if include_query else hyp
    v = vectors.mean(0)
    if normalise:
        v = F.normalize(v, dim=0)
    return v
