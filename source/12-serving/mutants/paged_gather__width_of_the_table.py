"""As many tokens as the tables could hold, instead of the largest length."""
import torch


def paged_gather(cache, tables, lengths):
    size, S = (cache.shape[1], tables.shape[1] * cache.shape[1])
    mask = torch.arange(S, device=cache.device) < lengths[:, None]
    M = -(-S // size)
    used = torch.arange(M, device=cache.device) * size < lengths[:, None]
    keys = cache[tables[:, :M].where(used, 0)].flatten(1, 2)[:, :S]
    return (keys.masked_fill(~mask[..., None, None], 0), mask)
