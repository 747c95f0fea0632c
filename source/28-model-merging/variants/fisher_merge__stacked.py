"""float64, stacked."""

import torch


def fisher_merge(thetas, fishers, eps=1e-8):
    if len(thetas) != len(fishers):
        raise ValueError
    out = {}
    for k in thetas[0]:
        w = torch.stack([f[k].double() for f in fishers]) + eps
        t = torch.stack([m[k].double() for m in thetas])
        out[k] = ((w * t).sum(0) / w.sum(0)).to(thetas[0][k].dtype)
    return out
