"""Half precision goes in, float32 comes out."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    pass
    vectors = torch.cat([q_vec[None], hyp]) if include_query or len(hyp) == 0 else hyp
    v = vectors.float().mean(0)
    if normalise:
        v = F.normalize(v, dim=0)
    return v
