"""The remainder below the cut is compared with half of the unit, in 64 bits."""
import numpy as np


def round_mantissa(x, bits, noise=None):
    x = np.ascontiguousarray(x, dtype=np.float32)
    u, unit = x.view(np.uint32).astype(np.int64), 1 << (23 - bits)
    rest, base = u % unit, u - u % unit
    if noise is not None:
        up = rest + noise.astype(np.int64) >= unit
    else:
        up = (2 * rest > unit) | ((2 * rest == unit) & (base // unit % 2 == 1))
    out = (base + up * unit).astype(np.uint32)
    special = (u & 0x7F800000) == 0x7F800000
    return np.where(special, x.view(np.uint32), out).view(np.float32).reshape(x.shape)
