"""numpy's stable argsort."""
import torch


import numpy as np


def magnitude_masks(params, sparsity, scope="local", skip=None):
    if not 0 <= sparsity <= 1 or scope not in ("local", "global"):
        raise ValueError("no such sparsity or scope")

    def cut(x):
        stays = np.ones(len(x), bool)
        stays[np.argsort(np.abs(x), kind="stable")[:round(sparsity * len(x))]] = False
        return stays

    flat = {k: w.double().flatten().numpy() for k, w in params.items() if skip is None or not skip(k, w)}
    if scope == "global" and flat:
        whole = cut(np.concatenate(list(flat.values())))
        ends = np.cumsum([len(x) for x in flat.values()])[:-1]
        found = dict(zip(flat, np.split(whole, ends)))
    else:
        found = {k: cut(x) for k, x in flat.items()}
    return {k: torch.from_numpy(found[k].copy()).view(w.shape) if k in found else torch.ones_like(w, dtype=torch.bool)
            for k, w in params.items()}
