"""timed: A loop over sequences, each gathered at once."""
import torch


def paged_gather(cache, tables, lengths):
    size, S = cache.shape[1], int(lengths.max())
    out = cache.new_zeros(len(lengths), S, *cache.shape[2:])
    mask = torch.zeros(len(lengths), S, dtype=torch.bool)
    for b, n in enumerate(lengths.tolist()):
        out[b, :n] = cache[tables[b, :(n + size - 1) // size]].flatten(0, 1)[:n]
        mask[b, :n] = True
    return out, mask
