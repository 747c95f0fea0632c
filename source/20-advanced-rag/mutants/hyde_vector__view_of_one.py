"""One document alone comes back as a row of the argument."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    vectors = torch.cat([q_vec[None], hyp]) if include_query or len(hyp) == 0 else hyp
    if len(vectors) == 1 and not normalise:
        return vectors[0]
    mean = vectors.to(torch.promote_types(q_vec.dtype, torch.float32)).mean(0)
    return (F.normalize(mean, dim=0) if normalise else mean).to(q_vec.dtype)
