"""Positions count the padding too."""
import torch


def generate_cached(model, ids, n, mask=None):
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    pos = torch.arange(ids.shape[1]).expand_as(ids)
    new, cache = ids, None
    for _ in range(n):
        logits, cache = model(new, pos, mask, cache)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
        pos = torch.full_like(new, mask.shape[1])
        mask = torch.cat([mask, torch.ones_like(new, dtype=torch.bool)], dim=1)
    return ids
