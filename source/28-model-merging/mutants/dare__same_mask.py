"""Each tensor gets a generator of its own with the same seed."""

import torch
from torch import Tensor

Weights = dict[str, Tensor]


def dare(tau: Weights, p: float, seed: int, rescale: bool = True) -> Weights:
    if not 0 <= p < 1:
        raise ValueError("p lies in [0, 1)")
    generator = torch.Generator().manual_seed(seed)
    kept = {}
    for name, t in tau.items():
        generator = torch.Generator().manual_seed(seed)
        stays = torch.rand(t.shape, generator=generator, dtype=torch.float64) >= p
        wide = t.to(torch.promote_types(t.dtype, torch.float32))
        scaled = (wide / (1 - p) if rescale else wide).to(t.dtype)
        kept[name] = torch.where(stays, scaled, torch.zeros_like(scaled))
    return kept
