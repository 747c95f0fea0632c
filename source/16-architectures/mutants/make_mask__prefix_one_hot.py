"""The end of the prefix by one-hot: a prefix longer than the text is an error."""
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
        inside = (real.cumsum(1) <= (torch.nn.functional.one_hot(prefix, T) * i).sum(1, keepdim=True)) & real
        m = base & ((i[:, None] >= i) | inside[:, None, :])
    elif kind == "cross":
        m = source[:, None, :].expand(B, T, source.shape[1])
    else:
        raise ValueError(kind)
    return m | ~m.any(-1, keepdim=True)
