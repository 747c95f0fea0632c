"""numpy: argmax of F > u, with the last possible token set to infinity."""
import numpy as np
import torch


def sample_inverse_cdf(probs, u):
    p = probs.double().numpy()
    cdf = p.cumsum(-1)
    V = p.shape[1]
    last = V - 1 - (p[:, ::-1] > 0).argmax(-1)
    cdf[np.arange(len(p)), last] = np.inf
    return torch.from_numpy((cdf > u.double().numpy()[:, None]).argmax(-1))
