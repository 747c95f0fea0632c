"""Experts are cast to the base's dtype before the move is taken."""

import torch
from torch import Tensor

Weights = dict[str, Tensor]


def task_arithmetic(base: Weights, experts: list[Weights], lambdas: list[float]) -> Weights:
    if len(experts) != len(lambdas):
        raise ValueError("one lambda for each expert")
    for expert in experts:
        if expert.keys() != base.keys() or any(expert[k].shape != b.shape for k, b in base.items()):
            raise ValueError("experts must have the base's names and shapes")
    merged = {}
    for name, b in base.items():
        if not b.is_floating_point():
            merged[name] = b.clone()
            continue
        wide = torch.float32
        for weights in (base, *experts):
            wide = torch.promote_types(wide, weights[name].dtype)
        start = b.to(wide)
        move = torch.zeros_like(start)
        for expert, lam in zip(experts, lambdas):
            move = move + lam * (expert[name].to(b.dtype).to(wide) - start)
        merged[name] = (start + move).to(b.dtype)
    return merged
