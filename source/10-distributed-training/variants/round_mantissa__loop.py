"""One number at a time, with Python integers."""
import numpy as np


def round_mantissa(x, bits, noise=None):
    x, drop, out = np.asarray(x), 23 - bits, []
    added = [None] * x.size if noise is None else noise.ravel().tolist()
    for u, value, e in zip(x.flatten().view(np.uint32).tolist(), x.ravel().tolist(), added):
        if np.isfinite(value) and drop:
            e = (1 << drop - 1) - 1 + (u >> drop & 1) if e is None else e
            u = (u + e) >> drop << drop
        out.append(u)
    return np.array(out, dtype=np.uint32).view(np.float32).reshape(x.shape)
