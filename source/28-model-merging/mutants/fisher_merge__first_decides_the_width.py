"""The widest dtype is looked for in the first model and its Fisher values alone."""

import torch
from torch import Tensor

Weights = dict[str, Tensor]


def fisher_merge(thetas: list[Weights], fishers: list[Weights], eps: float = 1e-8) -> Weights:
    if len(thetas) != len(fishers):
        raise ValueError("one Fisher for each model")
    merged = {}
    for name, first in thetas[0].items():
        wide = torch.float32
        for weights in (thetas[0], fishers[0]):
            wide = torch.promote_types(wide, weights[name].dtype)
        sure = [f[name].to(wide) + eps for f in fishers]
        total = sum(s * t[name].to(wide) for s, t in zip(sure, thetas))
        merged[name] = (total / sum(sure)).to(first.dtype)
    return merged
