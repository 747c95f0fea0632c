"""The text is cut at 64 tokens."""
import torch


def generate_cached(model, ids, n, mask=None):
    B, T = ids.shape
    if mask is None:
        mask = torch.ones(B, T, dtype=torch.bool)
    pos = mask.long().cumsum(1) - 1
    new, cache = ids, None
    for _ in range(n):
        logits, cache = model(new, pos, mask, cache)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], 1)[:, :64]
        pos = mask.sum(1, keepdim=True)
        mask = torch.cat([mask, torch.ones(B, 1, dtype=torch.bool)], 1)
    return ids
