"""Bin by bin with masks."""
import math

import torch


def ece(conf, correct, bins=10):
    if bins < 1 or any(not 0 <= c <= 1 for c in conf.tolist()):
        raise ValueError("unusable")
    c, y, total = conf.to(torch.float64), correct.to(torch.float64), 0.0
    for b in range(bins):
        inside = (c > b / bins) & (c <= (b + 1) / bins)
        if b == 0:
            inside |= c == 0
        if inside.any():
            total += inside.sum().item() / len(c) * abs(y[inside].mean().item() - c[inside].mean().item())
    return total if len(c) else math.nan
