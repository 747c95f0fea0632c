"""Dtype by the first gradient of the part."""

import torch


def combine_means(parts):
    total = sum(n for _, _, n in parts)
    wide = lambda g: g if g.dtype == torch.float64 else g.float()
    grads = [torch.zeros_like(g, dtype=torch.float64 if parts[0][1][0].dtype == torch.float64 else torch.float32) for g in parts[0][1]]
    loss = 0.0
    for l, gs, n in parts:
        if n == 0:
            continue
        loss += l * n / total
        grads = [(a + wide(g) * (n / total)).to(a.dtype) for a, g in zip(grads, gs)]
    return float(loss), grads, total
