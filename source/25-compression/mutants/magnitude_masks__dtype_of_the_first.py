"""Magnitudes are compared in the dtype of the first tensor."""
import torch


def magnitude_masks(params, sparsity, scope="local", skip=None):
    if not 0 <= sparsity <= 1:
        raise ValueError("sparsity")
    if scope not in ("local", "global"):
        raise ValueError("scope")
    masks = {k: torch.ones(w.shape, dtype=torch.bool, device=w.device) for k, w in params.items()}
    names = [k for k, w in params.items() if skip is None or not skip(k, w)]
    for group in ([names] if scope == "global" else [[k] for k in names]):
        if not group:
            continue
        flat = torch.cat([params[k].detach().reshape(-1).to(params[group[0]].dtype).abs() for k in group])
        gone = torch.sort(flat, stable=True).indices[:round(sparsity * len(flat))]
        keep = torch.ones(len(flat), dtype=torch.bool)
        keep[gone] = False
        at = 0
        for k in group:
            n = params[k].numel()
            masks[k] = keep[at:at + n].reshape(params[k].shape)
            at += n
    return masks
