"""What rounds beyond the largest number stays at the largest number."""
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
    top = np.uint32(0x7F7FFFFF >> drop << drop)
    over = (rounded & np.uint32(0x7FFFFFFF)) > top
    rounded = np.where(over, rounded & np.uint32(0x80000000) | top, rounded)
    return np.where(np.isfinite(x), rounded, u).view(np.float32)
