"""A block size of 16 is hard-coded."""
import torch


def paged_gather(cache, tables, lengths):
    size, S = (16, int(lengths.max()))
    mask = torch.arange(S, device=cache.device) < lengths[:, None]
    M = -(-S // size)
    used = torch.arange(M, device=cache.device) * size < lengths[:, None]
    keys = cache[tables[:, :M].where(used, 0)].flatten(1, 2)[:, :S]
    return (keys.masked_fill(~mask[..., None, None], 0), mask)
