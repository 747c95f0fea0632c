"""A NaN loses its low bits, and with them its being one."""
import numpy as np


def round_mantissa(x, bits, noise=None):
    u, drop = np.asarray(x).view(np.uint32), 23 - bits
    if noise is not None:
        add = noise.astype(np.uint32)
    elif drop:
        add = (u >> np.uint32(drop) & np.uint32(1)) + np.uint32((1 << drop - 1) - 1)  # odd: half, even: just below half
    else:
        add = np.zeros_like(u)
    rounded = u + add & np.uint32(0xFFFFFFFF << drop & 0xFFFFFFFF)
    cut = u & np.uint32(0xFFFFFFFF << drop & 0xFFFFFFFF)
    return np.where(np.isfinite(x), rounded, cut).view(np.float32)
