"""Division by the step in float64, no bits; the noise in whole numbers."""
import numpy as np


def round_mantissa(x, bits, noise=None):
    x = np.asarray(x)
    out = x.copy()
    good = np.isfinite(x) & (x != 0)
    v = np.abs(x[good].astype(np.float64))
    step = 2.0 ** (np.maximum(np.frexp(v)[1] - 1, -126) - bits)
    if noise is None:
        near = np.round(v / step) * step
    else:
        near = np.floor(v / step + noise[good] / 2.0 ** (23 - bits)) * step
    with np.errstate(over="ignore"):
        out[good] = np.where(near < 2.0 ** 128, np.copysign(near, x[good]), np.copysign(np.inf, x[good])).astype(np.float32)
    return out
