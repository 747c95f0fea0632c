"""numpy in float64."""
import numpy as np
import torch
def steer(h, v, alpha, positions=None):
    out = h.double().numpy().copy()
    at = np.arange(h.shape[1]) if positions is None else np.array(positions, dtype=int)
    out[:, at, :] += alpha * v.double().numpy()
    return torch.from_numpy(out).to(h.dtype)
