"""Among equals the earlier in memory goes."""

import torch


def magnitude_masks(params, sparsity, scope="local", skip=None):
    if not 0 <= sparsity <= 1 or scope not in ("local", "global"):
        raise ValueError
    out = {}
    ranked = {}
    for k, w in params.items():
        if skip is not None and skip(k, w):
            out[k] = torch.ones(w.shape, dtype=torch.bool)
        else:
            ranked[k] = (w.detach() if w.is_contiguous() or w.dim() != 2 else w.detach().t()).reshape(-1).double().abs()
    groups = [[k] for k in ranked] if scope == "local" else [list(ranked)]
    for keys in groups:
        if not keys:
            continue
        flat = torch.cat([ranked[k] for k in keys])
        n = round(sparsity * len(flat))
        mask = torch.ones(len(flat), dtype=torch.bool)
        mask[flat.sort(stable=True).indices[:n]] = False
        for k, part in zip(keys, mask.split([len(ranked[k]) for k in keys])):
            out[k] = (part.reshape(params[k].shape).clone() if params[k].is_contiguous() or params[k].dim() != 2 else part.reshape(params[k].t().shape).t().clone())
    return {k: out[k] for k in params}
