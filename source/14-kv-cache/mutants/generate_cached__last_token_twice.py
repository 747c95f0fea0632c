"""The last prompt token is pushed again and enters the cache twice."""
import torch


def generate_cached(model, ids, n, mask=None):
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    pos = (mask.cumsum(1) - 1).clamp(min=0)
    _, cache = model(ids, pos, mask, None)
    new, where = ids[:, -1:], pos[:, -1:]
    for _ in range(n):
        mask = torch.cat([mask, torch.ones_like(new, dtype=torch.bool)], dim=1)
        logits, cache = model(new, where, mask, cache)
        new, where = logits[:, -1].argmax(-1, keepdim=True), where + 1
        ids = torch.cat([ids, new], dim=1)
    return ids
