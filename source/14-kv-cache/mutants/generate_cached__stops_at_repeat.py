"""Stops when a token repeats, as if it were a stop token, and fills up with it."""
import torch


def generate_cached(model, ids, n, mask=None):
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    pos = (mask.cumsum(1) - 1).clamp(min=0)
    new, cache = ids, None
    done = torch.zeros(len(ids), 1, dtype=torch.bool)
    for _ in range(n):
        logits, cache = model(new, pos, mask, cache)
        last, new = ids[:, -1:], logits[:, -1].argmax(-1, keepdim=True)
        done = done | (new == 0)
        new = torch.where(done, torch.zeros_like(new), new)
        ids = torch.cat([ids, new], dim=1)
        pos = mask.sum(1, keepdim=True)
        mask = torch.cat([mask, torch.ones_like(new, dtype=torch.bool)], dim=1)
    return ids
