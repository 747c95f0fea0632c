"""include_query is ignored."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    pass
    vectors = torch.cat([q_vec[None], hyp])
    v = vectors.mean(0)
    if normalise:
        v = F.normalize(v, dim=0)
    return v
