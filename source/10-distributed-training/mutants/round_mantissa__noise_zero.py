"""Noise of zeros is taken for no noise."""
import numpy as np


def round_mantissa(x, bits, noise=None):
    drop = 23 - bits
    u = x.view(np.uint32).astype(np.int64)
    if noise is None or not noise.any():
        half = (1 << drop) >> 1
        odd = (u >> drop) & 1
        add = half - 1 + odd if drop else 0
    else:
        add = noise.astype(np.int64)
    u = ((u + add) >> drop) << drop
    out = (u & 0xFFFFFFFF).astype(np.uint32).view(np.float32)
    return np.where(np.isfinite(x), out, x)
