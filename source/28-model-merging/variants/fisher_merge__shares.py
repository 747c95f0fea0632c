"""Shares first, then the sum."""

import torch


def fisher_merge(thetas, fishers, eps=1e-8):
    if len(fishers) != len(thetas):
        raise ValueError
    merged = {}
    for k, t0 in thetas[0].items():
        wide = max((x[k].dtype for x in thetas + fishers), key=lambda d: torch.finfo(d).bits)
        wide = torch.promote_types(wide, torch.float32)
        weights = [f[k].to(wide) + eps for f in fishers]
        whole = weights[0].clone()
        for w in weights[1:]:
            whole = whole + w
        answer = torch.zeros(t0.shape, dtype=wide)
        for t, w in zip(thetas, weights):
            answer = answer + w / whole * t[k].to(wide)
        merged[k] = answer.to(t0.dtype)
    return merged
