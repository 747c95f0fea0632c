"""Tables are viewed flat; fails on strides."""
import torch


def paged_gather(cache, tables, lengths):
    n, block_size = cache.shape[:2]
    longest = int(lengths.max())
    t = torch.arange(longest, device=cache.device)
    mask = t < lengths[:, None]
    needed = tables.view(-1).view(tables.shape)[:, t // block_size]
    blocks = torch.where(mask, needed, 0)
    keys = cache[blocks, t % block_size]
    keys = keys.masked_fill(~mask[:, :, None, None], 0)
    return keys, mask
