"""numpy's stable argsort and a mask."""

import torch


import numpy as np


def trim(tau, keep, scope="global"):
    if scope not in ("global", "tensor") or not 0.0 <= keep <= 1.0:
        raise ValueError

    def mask(sizes):
        def ranked(flat):
            m = np.zeros(len(flat), dtype=bool)
            if len(flat):
                m[np.argsort(-np.abs(flat), kind="stable")[:max(1, int(keep * len(flat)))]] = True
            return m
        return ranked(sizes)
    arrays = {k: t.detach().double().numpy().reshape(-1) for k, t in tau.items()}
    if scope == "global":
        whole = mask(np.concatenate(list(arrays.values()))) if arrays else np.zeros(0, dtype=bool)
        masks, at = {}, 0
        for k, a in arrays.items():
            masks[k] = whole[at:at + len(a)]
            at += len(a)
    else:
        masks = {k: mask(a) for k, a in arrays.items()}
    return {k: torch.where(torch.from_numpy(masks[k].copy()).reshape(t.shape), t, torch.zeros_like(t)) for k, t in tau.items()}
