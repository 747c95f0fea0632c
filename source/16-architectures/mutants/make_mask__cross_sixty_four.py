"""Cross attention sees only the first 64 tokens of the source."""
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
    elif kind == "cross":
        m = (source & (torch.arange(source.shape[1]) < 64))[:, None, :].expand(B, T, -1)
    else:
        raise ValueError(kind)
    return m | ~m.any(-1, keepdim=True)
