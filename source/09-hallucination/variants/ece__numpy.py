"""In numpy, by digitize and bincount."""
import numpy as np


def ece(conf, correct, bins=10):
    c, y = conf.double().numpy(), correct.numpy().astype(np.float64)
    if bins < 1 or np.isnan(c).any() or (c < 0).any() or (c > 1).any():
        raise ValueError("unusable")
    if c.size == 0:
        return float("nan")
    at = np.clip(np.digitize(c, np.linspace(0, 1, bins + 1), right=True) - 1, 0, bins - 1)
    promised, came = np.bincount(at, c, bins), np.bincount(at, y, bins)
    return float(np.abs(promised - came).sum() / c.size)
