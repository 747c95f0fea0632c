"""The mean is taken off, not the largest, and what overflows is cut."""
import math

import numpy as np


def semantic_entropy(labels, logp=None, lengths=None):
    n = len(labels)
    if n == 0:
        raise ValueError("no samples")
    if lengths is not None and logp is None:
        raise ValueError("lengths without logp")
    if logp is None:
        w = np.ones(n)
    else:
        x = logp.double().numpy()
        if lengths is not None:
            x = x / np.array(lengths)
        top = x.max()
        if top == -math.inf:
            raise ValueError("nothing possible")
        w = np.exp(np.minimum(x - x[np.isfinite(x)].mean(), 709))
    w = w / w.sum()
    p = {}
    for c, v in zip(labels, w):
        p[c] = p.get(c, 0.0) + float(v)
    return -sum(q * math.log(q) for q in p.values() if q > 0)
