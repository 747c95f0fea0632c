"""Only the first hypothetical document is used."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    hyp = hyp[:1]
    vectors = torch.cat([q_vec[None], hyp]) if include_query or len(hyp) == 0 else hyp
    v = vectors.mean(0)
    if normalise:
        v = F.normalize(v, dim=0)
    return v
