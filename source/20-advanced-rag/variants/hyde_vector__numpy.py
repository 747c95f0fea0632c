"""Through numpy and back."""
import numpy as np
import torch

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    parts = list(hyp.double().numpy())
    if include_query or not parts:
        parts.append(q_vec.double().numpy())
    v = np.mean(parts, axis=0)
    if normalise:
        v /= np.linalg.norm(v)
    return torch.from_numpy(v).to(q_vec.dtype)
