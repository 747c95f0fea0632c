"""The mask is dropped: padding is attended to."""
import torch


def generate_cached(model, ids, n, mask=None):
    real = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    mask = torch.ones_like(real)
    pos = (real.cumsum(1) - 1).clamp(min=0)
    new, cache = ids, None
    for _ in range(n):
        logits, cache = model(new, pos, mask, cache)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
        pos = real.sum(1, keepdim=True) + ids.shape[1] - real.shape[1] - 1
        mask = torch.cat([mask, torch.ones_like(new, dtype=torch.bool)], dim=1)
    return ids
