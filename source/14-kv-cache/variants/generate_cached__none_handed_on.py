"""Without a mask the model gets None."""
import torch


def generate_cached(model, ids, n, mask=None):
    T, cache, new = ids.shape[1], None, ids
    pos = torch.arange(T).expand_as(ids) if mask is None else mask.int().cumsum(1) - 1
    for i in range(n):
        logits, cache = model(new, pos, mask, cache)
        new = logits[:, -1].argmax(1)[:, None]
        ids, pos = torch.cat([ids, new], 1), pos[:, -1:] + 1
        if mask is not None:
            mask = torch.cat([mask, mask.new_ones(len(ids), 1)], 1)
    return ids
