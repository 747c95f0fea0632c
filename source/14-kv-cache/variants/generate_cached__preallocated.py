"""Preallocates ids, mask and positions for the whole length."""
import torch


def generate_cached(model, ids, n, mask=None):
    B, T = ids.shape
    out = torch.zeros(B, T + n, dtype=ids.dtype)
    out[:, :T] = ids
    real = torch.ones(B, T + n, dtype=torch.bool)
    if mask is not None:
        real[:, :T] = mask
    position = torch.cumsum(real.long(), dim=1) - 1
    position[position < 0] = 1
    cache, begin = None, 0
    for end in range(T, T + n):
        logits, cache = model(out[:, begin:end], position[:, begin:end], real[:, :end], cache)
        out[:, end] = torch.max(logits[:, -1, :], dim=-1).indices
        begin = end
    return out
