"""An additive mask of 0 and -inf instead of bools."""
import torch


def make_mask(kind, real, prefix=None, source=None):
    B, T = real.shape
    i = torch.arange(T, device=real.device)
    if kind == "cross":
        see = source[:, None].expand(B, T, -1)
    elif kind in ("causal", "bidirectional", "prefix"):
        early = (i <= i[:, None]).expand(B, T, T)  # key j, query i
        if kind == "bidirectional":
            early = torch.ones_like(early)
        if kind == "prefix":
            early = early | (real.cumsum(1) <= prefix[:, None])[:, None]
        see = early & real[:, None]
    else:
        raise ValueError(f"unknown kind of mask: {kind!r}")
    see = see | ~see.any(-1, keepdim=True)
    return torch.zeros(see.shape).masked_fill(~see, -torch.inf)
