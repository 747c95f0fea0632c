"""The hypothetical vectors are added onto the caller's query."""
import torch
import torch.nn.functional as F

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    n = len(hyp) + 1
    if not include_query and len(hyp):
        q_vec, n = hyp[0], len(hyp)
        hyp = hyp[1:]
    for h in hyp:
        q_vec += h
    v = q_vec / n
    return F.normalize(v, dim=0) if normalise else v
