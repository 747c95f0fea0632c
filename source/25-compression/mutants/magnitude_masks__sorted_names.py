"""Globally by the order of the names."""
import torch


def magnitude_masks(params: dict, sparsity: float, scope: str = "local", skip=None) -> dict:
    if not 0 <= sparsity <= 1 or scope not in ("local", "global"):
        raise ValueError("sparsity lies between 0 and 1, scope is local or global")
    masks = {name: torch.ones(W.shape, dtype=torch.bool, device=W.device) for name, W in params.items()}
    names = sorted(name for name, W in params.items() if skip is None or not skip(name, W))
    for group in ([names] if scope == "global" else [[name] for name in names]):
        if not group:
            continue
        sizes = torch.cat([params[name].detach().reshape(-1).double().abs() for name in group])  # exact for every dtype
        flat = torch.ones(len(sizes), dtype=torch.bool, device=sizes.device)
        flat[sizes.sort(stable=True).indices[:round(sparsity * len(sizes))]] = False
        for name, part in zip(group, flat.split([params[name].numel() for name in group])):
            masks[name] = part.view(params[name].shape).clone()
    return masks
