"""Where the longest has one token, the mask is True for all, also for a sequence of none."""
import torch


def paged_gather(cache, tables, lengths):
    N, size, H, E = cache.shape
    B = len(lengths)
    S = int(lengths.max())
    blocks = -(-S // size)
    need = torch.arange(blocks)[None] * size < lengths[:, None]
    safe = tables[:, :blocks].masked_fill(~need, 0)
    keys = cache[safe].reshape(B, blocks * size, H, E)[:, :S]
    mask = torch.arange(S)[None] < lengths[:, None]
    if S == 1:
        mask = torch.ones_like(mask)
    return keys.masked_fill(~mask[:, :, None, None], 0), mask
