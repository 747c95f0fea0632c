"""All but the last prompt token first, then single steps."""
import torch
import torch.nn.functional as F


def generate_cached(model, ids, n, mask=None):
    if n == 0:
        return ids.clone()
    if mask is None:
        mask = torch.full(ids.shape, True)
    pos, cache = torch.cumsum(mask, 1) - 1, None
    if ids.shape[1] > 1:
        _, cache = model(ids[:, :-1], pos[:, :-1], mask[:, :-1], None)
    p = pos[:, -1:]
    for _ in range(n):
        logits, cache = model(ids[:, -1:], p, mask, cache)
        ids = torch.hstack([ids, logits[:, -1:].argmax(-1)])
        mask, p = F.pad(mask, (0, 1), value=True), p + 1
    return ids
