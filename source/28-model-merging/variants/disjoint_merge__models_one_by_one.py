"""timed: a loop over the experts."""

import torch


def disjoint_merge(taus, signs, weights=None):
    wide = torch.float64 if taus.dtype == torch.float64 else torch.float32
    total, weight = torch.zeros(signs.shape, dtype=wide), torch.zeros(signs.shape, dtype=wide)
    for i, row in enumerate(taus):
        w = 1.0 if weights is None else float(weights[i])
        agree = (torch.sign(row) == signs) & (row != 0)
        total = total + w * torch.where(agree, row.to(wide), torch.zeros((), dtype=wide))
        weight = weight + w * agree.to(wide)
    return torch.where(weight > 0, total / torch.where(weight > 0, weight, torch.ones_like(weight)), torch.zeros_like(total)).to(taus.dtype)
