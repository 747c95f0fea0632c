"""Every vector is scaled to length 1 before the mean."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    pass
    vectors = torch.cat([q_vec[None], hyp]) if include_query or len(hyp) == 0 else hyp
    v = F.normalize(vectors, dim=-1).mean(0)
    if normalise:
        v = F.normalize(v, dim=0)
    return v
