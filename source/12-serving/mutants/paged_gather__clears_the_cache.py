"""The part behind the end is cleared in the cache itself."""
import torch


def paged_gather(cache, tables, lengths):
    size, S = cache.shape[1], int(lengths.max())
    out = torch.zeros(len(lengths), S, *cache.shape[2:], dtype=cache.dtype)
    for b, n in enumerate(lengths.tolist()):
        blocks = tables[b, :-(-n // size)]
        if n % size:
            cache[blocks[-1], n % size:] = 0
        out[b, :n] = cache[blocks].flatten(0, 1)[:n]
    return out, torch.arange(S) < lengths[:, None]
