"""The result is float32 whatever the cache is."""
import torch


def paged_gather(cache, tables, lengths):
    size, S = (cache.shape[1], int(lengths.max()))
    mask = torch.arange(S, device=cache.device) < lengths[:, None]
    M = -(-S // size)
    used = torch.arange(M, device=cache.device) * size < lengths[:, None]
    keys = cache[tables[:, :M].where(used, 0)].flatten(1, 2)[:, :S]
    return (keys.masked_fill(~mask[..., None, None], 0).float(), mask)
