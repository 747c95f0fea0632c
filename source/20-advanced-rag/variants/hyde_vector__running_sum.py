"""A running sum in a fresh tensor, the length by hand."""
import torch

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    n = hyp.shape[0]
    total = torch.zeros_like(q_vec, dtype=torch.float64)
    count = 0
    if include_query or n == 0:
        total, count = total + q_vec.double(), 1
    for i in range(n):
        total, count = total + hyp[i].double(), count + 1
    mean = total / count
    if normalise:
        mean = mean / mean.pow(2).sum().sqrt().clamp_min(1e-12)
    return mean.to(q_vec.dtype)
