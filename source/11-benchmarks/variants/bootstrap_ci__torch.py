"""Draws by torch, groups as lists of places."""

import torch


def bootstrap_ci(x, y=None, groups=None, alpha=0.05, n_boot=2000, seed=0):
    n = len(x)
    if n == 0 or (y is not None and len(y) != n) or (groups is not None and len(groups) != n):
        raise ValueError("lengths")
    values = torch.tensor([float(a) - (0.0 if y is None else float(y[i])) for i, a in enumerate(x)], dtype=torch.float64)
    places = {}
    for i in range(n):
        places.setdefault(i if groups is None else groups[i], []).append(i)
    sums = torch.tensor([values[p].sum() for p in places.values()], dtype=torch.float64)
    sizes = torch.tensor([float(len(p)) for p in places.values()], dtype=torch.float64)
    draws = torch.randint(len(places), (n_boot, len(places)), generator=torch.Generator().manual_seed(seed))
    means = sums[draws].sum(1) / sizes[draws].sum(1)
    ends = torch.quantile(means, torch.tensor([alpha / 2, 1 - alpha / 2], dtype=torch.float64))
    return values.mean().item(), ends[0].item(), ends[1].item()
