"""numpy in float64, rows in a loop."""
import numpy as np
import torch


def softmax_t(logits, T):
    x = logits.double().numpy()
    if T < 0 or np.isnan(x).any():
        raise ValueError("T must not be negative and logits must not be NaN")
    out = np.empty_like(x)
    for index in np.ndindex(x.shape[:-1]):
        row = x[index]
        if row.max() == -np.inf:
            raise ValueError("a row without a possible token")
        e = np.exp((row - row.max()) / T) if T else (row == row.max()).astype(float)
        out[index] = e / e.sum()
    return torch.from_numpy(out).to(logits.dtype)
