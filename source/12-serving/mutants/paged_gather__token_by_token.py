"""timed: One token at a time."""
import torch


def paged_gather(cache, tables, lengths):
    B, S, size = len(lengths), int(lengths.max()), cache.shape[1]
    out = torch.zeros(B, S, *cache.shape[2:], dtype=cache.dtype)
    for b in range(B):
        for t in range(int(lengths[b])):
            out[b, t] = cache[tables[b, t // size], t % size]
    return out, torch.arange(S) < lengths[:, None]
