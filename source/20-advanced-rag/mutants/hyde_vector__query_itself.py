"""Without documents and without scaling, the query's own tensor comes back."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    if len(hyp) == 0:
        return F.normalize(q_vec.float(), dim=0).to(q_vec.dtype) if normalise else q_vec
    vectors = torch.cat([q_vec[None], hyp]) if include_query else hyp
    mean = vectors.to(torch.promote_types(q_vec.dtype, torch.float32)).mean(0)
    return (F.normalize(mean, dim=0) if normalise else mean).to(q_vec.dtype)
