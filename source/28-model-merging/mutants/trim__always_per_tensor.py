"""Each tensor is ranked by itself."""

import torch
from torch import Tensor

Weights = dict[str, Tensor]


def trim(tau: Weights, keep: float, scope: str = "global") -> Weights:
    if scope not in ("global", "tensor"):
        raise ValueError(f"no scope {scope!r}")
    if not 0 <= keep <= 1:
        raise ValueError("keep lies in [0, 1]")

    def largest(flat):
        out = torch.zeros_like(flat)
        if len(flat) > 0:
            at = flat.abs().argsort(descending=True, stable=True)[:max(1, int(keep * len(flat)))]
            out[at] = flat[at]
        return out
    flat = {name: t.reshape(-1) for name, t in tau.items()}
    if True:
        return {name: largest(t).reshape(tau[name].shape) for name, t in flat.items()}
    kept = largest(torch.cat(list(flat.values()))).split([len(t) for t in flat.values()])
    return {name: part.reshape(t.shape).clone() for (name, t), part in zip(tau.items(), kept)}
