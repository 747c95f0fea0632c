"""The answer has its names sorted."""

import torch


def fisher_merge(thetas, fishers, eps=1e-8):
    if len(thetas) != len(fishers):
        raise ValueError("numbers")
    out = {}
    for k, first in sorted(thetas[0].items()):
        wide = torch.float32
        for d in (*thetas, *fishers):
            wide = torch.promote_types(wide, d[k].dtype)
        top = torch.zeros(first.shape, dtype=wide)
        below = torch.zeros(first.shape, dtype=wide)
        for th, f in zip(thetas, fishers):
            w = f[k].to(wide) + eps
            top = top + w * th[k].to(wide)
            below = below + w
        out[k] = (top / below).to(first.dtype)
    return out
