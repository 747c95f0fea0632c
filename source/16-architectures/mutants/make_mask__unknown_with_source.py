"""Unknown kinds are taken for cross where a source is given."""
import torch


def make_mask(kind, real, prefix=None, source=None):
    B, T = real.shape
    i = torch.arange(T, device=real.device)
    base = real[:, None, :].expand(B, T, T)
    if kind == "causal":
        m = base & (i[:, None] >= i)
    elif kind == "bidirectional":
        m = base
    elif kind == "prefix":
        inside = (real.cumsum(1) <= prefix[:, None]) & real
        m = base & ((i[:, None] >= i) | inside[:, None, :])
    elif source is not None:
        m = source[:, None, :].expand(B, T, source.shape[1])
    else:
        raise ValueError(kind)
    return m | ~m.any(-1, keepdim=True)
