"""tril, where and the diagonal; padding queries see themselves."""
import torch


def make_mask(kind, real, prefix=None, source=None):
    B, T = real.shape
    if kind == "cross":
        see = source.unsqueeze(1).repeat(1, T, 1)
        empty = torch.logical_not(source.any(1))
        see[empty] = True
        return see
    full = torch.ones(B, T, T, dtype=torch.bool)
    if kind == "bidirectional":
        see = full
    elif kind == "causal":
        see = torch.tril(full)
    elif kind == "prefix":
        number = torch.cumsum(real.long(), dim=1) - 1
        see = torch.where((number < prefix.unsqueeze(1)).unsqueeze(1), full, torch.tril(full))
    else:
        raise ValueError("kind")
    see = torch.logical_and(see, real.unsqueeze(1))
    lost = ~real
    diagonal = torch.eye(T, dtype=torch.bool).expand(B, T, T)
    return torch.where(lost.unsqueeze(2), diagonal, see)
