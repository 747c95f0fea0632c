"""torch.bernoulli, all dice at once."""

import torch


def dare(tau, p, seed, rescale=True):
    if not (p >= 0 and p < 1):
        raise ValueError
    g = torch.Generator()
    g.manual_seed(seed + 77)
    n = sum(t.numel() for t in tau.values())
    mask = torch.bernoulli(torch.full((n,), 1 - p, dtype=torch.float64), generator=g)
    out, at = {}, 0
    for k, t in tau.items():
        m = mask[at:at + t.numel()].reshape(t.shape)
        at += t.numel()
        factor = 1 / (1 - p) if rescale else 1.0
        out[k] = (t.double() * m * factor).to(t.dtype)
    return out
