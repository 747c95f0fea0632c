"""float32 where the input is not float64, numpy's functions."""

import torch


import numpy as np


def slerp(a, b, t):
    if not 0 <= t <= 1:
        raise ValueError
    kind = torch.float64 if a.dtype == torch.float64 else torch.float32
    x, y = a.to(kind).numpy(), b.to(kind).numpy()
    n = np.linalg.norm(x.ravel()) * np.linalg.norm(y.ravel())
    c = np.dot(x.ravel(), y.ravel()) / n if n > 0 else 1.0
    if abs(c) > 0.9995:
        out = (1 - t) * x + t * y
    else:
        w = np.arccos(np.clip(c, -1, 1))
        out = np.sin((1 - t) * w) / np.sin(w) * x + np.sin(t * w) / np.sin(w) * y
    return torch.from_numpy(np.asarray(out)).to(a.dtype)
