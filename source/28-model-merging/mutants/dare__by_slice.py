"""The slices of a tensor with three dimensions share one mask."""

import torch


def dare(tau, p, seed, rescale=True):
    if not 0 <= p < 1:
        raise ValueError("p")
    rng = torch.Generator().manual_seed(seed)
    out = {}
    for k, x in tau.items():
        wide = torch.promote_types(x.dtype, torch.float32)
        stays = torch.rand(x.shape[1:] if x.dim() > 2 else x.shape, generator=rng, dtype=torch.float64).expand(x.shape) >= p
        y = x.to(wide)
        if rescale:
            y = y / (1 - p)
        out[k] = torch.where(stays, y, 0).to(x.dtype)
    return out
