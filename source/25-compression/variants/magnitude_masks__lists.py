"""Python's sort."""
import torch


def magnitude_masks(params, sparsity, scope="local", skip=None):
    if sparsity < 0 or sparsity > 1:
        raise ValueError(sparsity)
    if scope not in {"local", "global"}:
        raise ValueError(scope)
    masks = {k: torch.full(tuple(w.shape), True) for k, w in params.items()}
    every = [(k, i, abs(x)) for k, w in params.items() if not (skip and skip(k, w)) for i, x in enumerate(w.flatten().tolist())]
    parts = [every] if scope == "global" else [[e for e in every if e[0] == k] for k in params]
    for part in parts:
        for k, i, _ in sorted(part, key=lambda e: e[2])[:round(sparsity * len(part))]:
            masks[k].view(-1)[i] = False
    return masks
