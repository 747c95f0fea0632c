"""timed: einsum, NaN replaced."""

import torch


def disjoint_merge(taus, signs, weights=None):
    wide = torch.promote_types(taus.dtype, torch.float32)
    w = torch.ones(taus.shape[0], dtype=wide) if weights is None else torch.tensor(weights, dtype=wide)
    mask = ((taus > 0) & (signs > 0) | (taus < 0) & (signs < 0)).to(wide)
    top = torch.einsum("n,n...,n...->...", w, mask, taus.to(wide))
    bottom = torch.einsum("n,n...->...", w, mask)
    return torch.nan_to_num(top / bottom, nan=0.0).to(taus.dtype)
