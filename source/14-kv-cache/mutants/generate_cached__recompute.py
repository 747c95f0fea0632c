"""No cache: the whole text goes through the model for every token."""
import torch


def generate_cached(model, ids, n, mask=None):
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    for _ in range(n):
        pos = (mask.cumsum(1) - 1).clamp(min=0)
        logits, _ = model(ids, pos, mask, None)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
        mask = torch.cat([mask, torch.ones_like(new, dtype=torch.bool)], dim=1)
    return ids
