"""Ties go away from zero."""
import numpy as np


def round_mantissa(x, bits, noise=None):
    u, drop = np.asarray(x).view(np.uint32), 23 - bits
    if noise is not None:
        add = noise.astype(np.uint32)
    elif drop:
        add = np.full_like(u, 1 << drop - 1)
    else:
        add = np.zeros_like(u)
    rounded = u + add & np.uint32(0xFFFFFFFF << drop & 0xFFFFFFFF)
    return np.where(np.isfinite(x), rounded, u).view(np.float32)
