"""numpy with a float64 accumulator."""
import numpy as np
import torch


def diff_of_means(pos, neg, normalize=False):
    v = pos.numpy().mean(0, dtype=np.float64) - neg.numpy().mean(0, dtype=np.float64)
    if normalize:
        v = v / np.linalg.norm(v)
    return torch.from_numpy(v).to(pos.dtype)
