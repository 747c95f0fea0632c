"""numpy's generator."""

import torch


import numpy as np


def dare(tau, p, seed, rescale=True):
    if p < 0 or p >= 1:
        raise ValueError
    rng, out = np.random.default_rng(seed), {}
    for k, t in tau.items():
        mask = torch.from_numpy(np.asarray(rng.random(tuple(t.shape)) >= p))
        x = t.double() * mask
        out[k] = (x / (1 - p) if rescale else x).to(t.dtype)
    return out
