"""Through numpy and back."""
import numpy as np
import torch

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    parts = list(hyp.numpy().astype(np.float64))
    if include_query or not parts:
        parts.append(q_vec.numpy().astype(np.float64))
    v = np.mean(parts, axis=0)
    if normalise:
        v /= np.linalg.norm(v)
    return torch.from_numpy(v).to(q_vec.dtype)
