"""An index of block and offset for each token."""
import torch


def paged_gather(cache, tables, lengths):
    t = torch.arange(int(lengths.max()))
    mask = t[None] < lengths[:, None]
    block = torch.zeros_like(mask, dtype=torch.long)
    block[mask] = tables[:, t // cache.shape[1]][mask]
    keys = cache[block, (t % cache.shape[1]).expand_as(block)]
    keys[~mask] = 0
    return keys, mask
