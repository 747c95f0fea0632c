"""numpy.partition."""
import numpy as np
import torch


def top_k_mask(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    x = (logits.float() if logits.dtype == torch.bfloat16 else logits).numpy()
    V = x.shape[1]
    j = max(V - k, 0)
    kth = np.partition(x, j, axis=1)[:, j:j + 1]
    return torch.from_numpy(np.where(x < kth, -np.inf, x)).to(logits.dtype)
