"""An unknown kind is taken for causal."""
import torch


def make_mask(kind, real, prefix=None, source=None):
    B, T = real.shape
    i = torch.arange(T, device=real.device)
    if kind == "cross":
        see = source[:, None].expand(B, T, -1)
    else:
        early = (i <= i[:, None]).expand(B, T, T)  # key j, query i
        if kind == "bidirectional":
            early = torch.ones_like(early)
        if kind == "prefix":
            early = early | (real.cumsum(1) <= prefix[:, None])[:, None]
        see = early & real[:, None]
    return see | ~see.any(-1, keepdim=True)
